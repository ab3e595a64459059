/** A small file of each format: what it shows as `start-end settings|text`. */
export interface SubtitleRow {
  readonly name: string;
  readonly format: string;
  readonly text: string;
  readonly cues: readonly string[];
  /** FFmpeg reads it by this demuxer, and finds the same times. */
  readonly demuxer?: string;
}

const ASS_HEAD = `[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,20,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1
Style: Sign,Arial,20,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,-1,0,0,100,100,0,0,1,1,0,8,10,10,10,1
[Events]
`;
const EVENTS = 'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n';

export const SUBTITLE_ROWS: readonly SubtitleRow[] = [
  {
    name: 'SubRip',
    format: 'SubRip',
    text: '1\n00:00:01,000 --> 00:00:02,500\nHello <i>you</i>\n\n2\n01:02:03,004 --> 01:02:04,000 X1:10 X2:20 Y1:1 Y2:2\nTwo\nlines\n',
    cues: ['1000-2500 |Hello <i>you</i>', '3723004-3724000 |Two\nlines'],
    demuxer: 'srt',
  },
  {
    name: 'SubRip with what programs get wrong',
    format: 'SubRip',
    text: '\n\n7\r\n0:0:1.5 -> 0:0:2,5\r\nNo counter behind\r\n\r\nAn empty line within\r\n\r\n9\r\n00:03,000 --> 00:04,000\r\n1984\r\n\r\n\r\n00:00:05:000-->00:00:06:000\r\nEnd',
    cues: ['1500-2500 |No counter behind\nAn empty line within', '3000-4000 |1984', '5000-6000 |End'],
  },
  {
    name: 'SubRip out of order, over each other, and backwards',
    format: 'SubRip',
    text: '1\n00:00:05,000 --> 00:00:09,000\nb\n\n2\n00:00:01,000 --> 00:00:06,000\n{\\an8}a\n\n3\n00:00:03,000 --> 00:00:03,000\nnever\n\n4\n00:00:04,000 --> 00:00:02,000\nnever\n',
    cues: ['1000-6000 line:0|a', '5000-9000 |b'],
  },
  {
    name: 'WebVTT',
    format: 'WebVTT',
    text: 'WEBVTT - a title\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\nNOTE\nnot shown\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:fred\n\nid 1\n00:01.000 --> 00:02.000 line:0 align:left region:fred\n<v Bob>Hi\n\n100:00:03.000 --> 100:00:04.000\n- a\n- b\n00:00:06.000 --> 00:00:07.000\nno line between',
    cues: [
      '1000-2000 line:0 align:left|<v Bob>Hi',
      '6000-7000 |no line between',
      '360003000-360004000 |- a\n- b',
    ],
  },
  {
    name: 'ASS',
    format: 'ASS',
    text: `${ASS_HEAD}${EVENTS}Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,Hello, {\\b1}you{\\b0}\\Nthere\nComment: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,not shown\nDialogue: 0,0:00:03.00,0:00:04.00,Sign,,0,0,0,,Inn\nDialogue: 1,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}\n`,
    cues: ['1000-2500 |Hello, <b>you</b>\nthere', '3000-4000 line:0|<i>Inn</i>'],
    demuxer: 'ass',
  },
  {
    name: 'ASS with its fields in another order',
    format: 'ASS',
    text: '[Events]\nFormat: Start, End, Style, Text\nDialogue: 1:00:00.05,1:00:01.00,Default,a, b\n[Fonts]\nDialogue: 0:00:00.00,0:00:01.00,Default,no event\n',
    cues: ['3600050-3601000 |a, b'],
  },
  {
    name: 'SSA',
    format: 'ASS',
    text: '[Script Info]\nScriptType: v4.00\n[V4 Styles]\nFormat: Name, Bold, Italic, Alignment\nStyle: *Default,0,0,6\n[Events]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: Marked=0,0:00:01.00,0:00:02.00,*Default,,0000,0000,0000,,Top\n',
    cues: ['1000-2000 line:0|Top'],
    demuxer: 'ass',
  },
  {
    name: 'MicroDVD with its rate',
    format: 'MicroDVD',
    text: '{1}{1}25\n{25}{50}One|{y:i}two\n{75}{100}{Y:b}Bold|and bold\n{125}{}{c:$0000ff}/No end\n',
    cues: ['1000-2000 |One\n<i>two</i>', '3000-4000 |<b>Bold\nand bold</b>', '5000-9000 |<i>No end</i>'],
  },
  {
    name: 'MicroDVD without a rate',
    format: 'MicroDVD',
    text: '{24}{48}a\n{2400}{2424}b < c\n',
    cues: ['1001-2002 |a', '100100-101101 |b &lt; c'],
    demuxer: 'microdvd',
  },
  {
    name: 'MPL2',
    format: 'MPL2',
    text: '[10][25]One|/two\n[30][40] /all in italics\n',
    cues: ['1000-2500 |One\n<i>two</i>', '3000-4000 |<i>all in italics</i>'],
    demuxer: 'mpl2',
  },
  {
    name: 'SubViewer 2',
    format: 'SubViewer',
    text: '[INFORMATION]\n[TITLE]a\n[END INFORMATION]\n[SUBTITLE]\n[COLF]&HFFFFFF,[STYLE]bd,[SIZE]18,[FONT]Arial\n00:00:01.00,00:00:02.50\nOne[br]two\n\n00:00:03.00,00:00:04.00\nThree\n',
    cues: ['1000-2500 |One\ntwo', '3000-4000 |Three'],
    demuxer: 'subviewer',
  },
  {
    name: 'TTML',
    format: 'TTML',
    text: `<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25" ttp:tickRate="10000000">
<head><!-- <p>no</p> --><styling><style xml:id="it" tts:fontStyle="italic"/></styling>
<layout><region xml:id="top" tts:displayAlign="before"><style tts:textAlign="center"/></region><region xml:id="low" tts:origin="10% 80%" tts:displayAlign="before"/></layout></head>
<body><div begin="10s">
<p begin="00:00:01.500" end="00:00:02:05" region="top">Tom &amp;
  Jerry<br/><span style="it">run</span></p>
<p begin="30000000t" dur="500ms" region="low" style="it">low <span tts:fontStyle="normal" tts:fontWeight="bold">b</span></p>
<p><span begin="5s" end="6s">one</span><span begin="6s" end="7.5s">two</span></p>
<p begin="9s">no end</p></div></body></tt>`,
    cues: [
      '11500-12200 line:0|Tom &amp; Jerry\n<i>run</i>',
      '13000-13500 |<i>low </i><b>b</b>',
      '15000-16000 |one',
      '16000-17500 |two',
    ],
  },
  {
    name: 'SAMI in two languages',
    format: 'SAMI',
    text: '<SAMI><HEAD><STYLE TYPE="text/css"><!-- P {margin-left: 8pt} .ENCC {Name: English} --></STYLE></HEAD><BODY>\n<SYNC Start=1000><P Class=ENCC>Hello<br>you &amp; <b>me</b>\n<P Class=FRCC>Bonjour\n<SYNC Start=2500><P Class=ENCC>&nbsp;\n<SYNC Start="3000"><P Class=ENCC><font color="red">Red</font>\n</BODY></SAMI>',
    cues: ['1000-2500 |Hello\nyou &amp; <b>me</b>', '3000-7000 |Red'],
  },
  {
    name: 'SubRip whose texts look like other formats',
    format: 'SubRip',
    text: '1\n00:00:01,000 --> 00:00:02,000\nDialogue: John Smith\n\n2\n00:00:03,000 --> 00:00:04,000\n<tt>mono</tt> <sami people>\n\n3\n00:00:05,000 --> 00:00:06,000\n[Script Info]\n',
    cues: [
      '1000-2000 |Dialogue: John Smith',
      '3000-4000 |&lt;tt&gt;mono&lt;/tt&gt; &lt;sami people&gt;',
      '5000-6000 |[Script Info]',
    ],
    demuxer: 'srt',
  },
  {
    name: 'SubRip that begins with a greeting',
    format: 'SubRip',
    text: 'Dialogue: and <tt> by us\n\n00:00:01,000 --> 00:00:02,000\nHello\n',
    cues: ['1000-2000 |Hello'],
  },
  {
    name: 'SubRip without empty lines',
    format: 'SubRip',
    text: '1\n00:00:01,000 --> 00:00:02,000\nHello\n2\n00:00:03,000 --> 00:00:04,000\n1984\n3\n00:00:05,000 --> 00:00:06,000\n77\n00:00:07,000 --> 00:00:08,000\nRoom\n9\n00:00:09,000 --> 00:00:10,000\nBye\n',
    cues: ['1000-2000 |Hello', '3000-4000 |1984', '7000-8000 |Room\n9', '9000-10000 |Bye'],
  },
  {
    name: 'SubRip with references',
    format: 'SubRip',
    text: '1\n00:00:01,000 --> 00:00:02,000\nDon&#39;t say &quot;&eacute;&quot; &amp; &lt;b&gt; &#x2019;\n\n2\n00:00:03,000 --> 00:00:04,000\n1 < 2 <i>&hellip;\n',
    cues: [`1000-2000 |Don't say "é" &amp; &lt;b&gt; ’`, '3000-4000 |1 &lt; 2 <i>…</i>'],
  },
  {
    name: 'WebVTT with references that its smaller readers do not know',
    format: 'WebVTT',
    text: 'WEBVTT\n\n00:01.000 --> 00:02.000\nDon&apos;t &#60;b&#62; &#45;&#45;> &nbsp;&lrm;x &no;\n',
    cues: [`1000-2000 |Don't &lt;b&gt; --&gt; &nbsp;&lrm;x &no;`],
  },
  {
    name: 'TTML that gives its looks from element to element, and from style to style',
    format: 'TTML',
    text: `<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling"><head><styling>
<style xml:id="b" style="a"/><style xml:id="c" style="b" tts:fontWeight="bold"/><style xml:id="a" tts:fontStyle="italic"/></styling>
<layout><region xml:id="top" tts:displayAlign="before" tts:textAlign="left"/><region xml:id="mid" style="m"/><region xml:id="low"/></layout></head>
<body tts:textAlign="right"><div region="top"><p begin="1s" end="2s" style="c">x</p><p begin="3s" end="4s" region="low">y</p></div>
<div region="top" tts:textAlign="center"><p begin="5s" end="6s">z</p></div></body></tt>`,
    cues: ['1000-2000 line:0 align:right|<i><b>x</b></i>', '3000-4000 align:right|y', '5000-6000 line:0|z'],
  },
  {
    name: 'TTML with what XML allows and forbids',
    format: 'TTML',
    text: `<?xml version="1.0"?><!-- a > b --><tt><head><metadata title="<"/></head><body>
<p begin="1s" title="a>b" end="2s">1 < 2 <br/>and 3 > 2</p>
<p begin="3s" end="4s"><![CDATA[Hi <b> & you]]></p>
<p begin="5s" end="6s">Don&apos;t &quot;go&quot; &#x2019; &amp;</p></body></tt>`,
    cues: [
      '1000-2000 |1 &lt; 2\nand 3 &gt; 2',
      '3000-4000 |Hi &lt;b&gt; &amp; you',
      `5000-6000 |Don't "go" ’ &amp;`,
    ],
  },
  {
    name: 'SAMI whose comment does not end',
    format: 'SAMI',
    text: '<SAMI><HEAD><STYLE TYPE="text/css"><!-- P {margin-left: 8pt} </STYLE></HEAD><BODY>\n<SYNC Start=1000><P Class="A>Hello &eacute;\n<SYNC Start=2000><P Class="A>&nbsp;\n</BODY></SAMI>',
    cues: ['1000-2000 |Hello é'],
  },
];
