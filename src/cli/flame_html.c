/* SPDX-License-Identifier: MIT */
/*
 * The tree travels as nested arrays, [name, how many stacks end here,
 * [children]], and is drawn by a few lines of script: the first row is all, the
 * second the threads' names, below each box what it called, as wide as its
 * share. So what is widest is seen first, however deep the stacks are. A click
 * shows one box in full width; words that are searched for are coloured and
 * counted.
 */
#include "cli/flame_html.h"

#include <inttypes.h>

static const char style[] =
	":root{color-scheme:light dark;--ink:#1d2433;--paper:#fdfcf9;--line:#c9c4b8;--dim:#6b7280}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e7e5df;--paper:#16181d;--line:#4b5563;--dim:#9ca3af}}"
	"body{background:var(--paper);color:var(--ink);font:15px/1.4 system-ui,sans-serif;margin:1rem}"
	"h1{font-size:1.15rem;margin:0 0 .5rem;overflow-wrap:anywhere}"
	"header{position:sticky;top:0;z-index:2;background:var(--paper);padding:.25rem 0}"
	"#tools{display:flex;gap:1rem;align-items:baseline;flex-wrap:wrap;margin-bottom:.25rem}"
	"#tools input{font:inherit;padding:.1rem .4rem}#told{color:var(--dim);font-family:ui-monospace,monospace}"
	"#graph{position:relative;width:100%}"
	"#graph div{position:absolute;box-sizing:border-box;height:18px;border:1px solid var(--paper);border-radius:2px;"
	"overflow:hidden;white-space:nowrap;font:12px/16px ui-monospace,monospace;padding:0 3px;cursor:pointer;color:#111}"
	"#graph div:hover{outline:2px solid var(--ink);z-index:1}#graph .above{opacity:.55}#graph .found{background:#c084fc!"
	"important}";

static const char script[] =
	"const graph=document.getElementById('graph'),told=document.getElementById('told'),"
	"search=document.getElementById('search');"
	"function count(n){n.total=n[1];for(const c of n[2]){c.up=n;count(c);n.total+=c.total}"
	"n[2].sort((a,b)=>a[0]<b[0]?-1:1)}count(data);let shown=data;"
	"function hue(s){let h=0;for(const c of s)h=(h*31+c.charCodeAt(0))%997;return h}"
	"function share(n){return n.total+' of '+data.total+' ('+(100*n.total/data.total).toFixed(2)+'%)'}"
	"function box(n,x,w,row,above){if(w<0.0006)return;const d=document.createElement('div'),h=hue(n[0]);"
	"d.style.left=100*x+'%';d.style.width=100*w+'%';d.dataset.row=row;"
	"if(w*graph.clientWidth>30)d.textContent=n[0];"
	"d.title=n[0]+'\\n'+share(n)+', '+n[1]+' of them here';"
	"d.style.background='hsl('+(n[0][0]=='['?210+h%20:15+h%40)+','+(60+h%25)+'%,'+(62+h%12)+'%)';"
	"if(above)d.className='above';if(search.value&&n[0].includes(search.value))d.className='found';"
	"d.onclick=()=>{shown=n;draw();scrollTo(0,0)};d.onmouseenter=()=>told.textContent=n[0]+': '+share(n);graph.append(d);"
	"rows=Math.max(rows,row)}"
	"let rows;function tree(n,x,w,row){box(n,x,w,row,false);for(const c of n[2]){const cw=w*c.total/n.total;"
	"tree(c,x,cw,row+1);x+=cw}}"
	"function found(n){return n[0].includes(search.value)?n.total:n[2].reduce((s,c)=>s+found(c),0)}"
	"function draw(){graph.replaceChildren();rows=0;const up=[];for(let n=shown.up;n;n=n.up)up.unshift(n);"
	"up.forEach((n,i)=>box(n,0,1,i,true));tree(shown,0,1,up.length);"
	"graph.style.height=18*(rows+1)+'px';for(const d of graph.children)d.style.top=18*d.dataset.row+'px';"
	"told.textContent=search.value?search.value+': '+(100*found(data)/data.total).toFixed(2)+'%':shown[0]+': '+"
	"share(shown)}"
	"search.oninput=draw;onresize=draw;onkeydown=e=>{if(e.key=='Escape'){search.value='';shown=data;draw()}};draw();";

/* TEXT as a string of the script; what could end the script's element is escaped, too. */
static void add_string(struct strbuf *out, const char *text)
{
	strbuf_add_char(out, '"');
	for (; *text; text++) {
		const unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			strbuf_addf(out, "\\%c", byte);
		else if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&' || byte == 0x7f)
			strbuf_addf(out, "\\u%04x", byte);
		else
			strbuf_add_char(out, *text);
	}
	strbuf_add_char(out, '"');
}

static void add_node(struct strbuf *out, const struct flame_node *node, const char *name)
{
	strbuf_add_char(out, '[');
	add_string(out, name);
	strbuf_addf(out, ",%" PRIu64 ",[", node->self);
	for (const struct flame_node *child = node->children; child; child = child->next) {
		add_node(out, child, child->name);
		if (child->next)
			strbuf_add_char(out, ',');
	}
	strbuf_add_string(out, "]]");
}

static void add_words(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			strbuf_add_string(out, "&lt;");
		else if (*text == '&')
			strbuf_add_string(out, "&amp;");
		else
			strbuf_add_char(out, *text);
	}
}

void flame_html_add(struct strbuf *out, const struct flame_tree *tree, const char *title)
{
	strbuf_add_string(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
			       "<meta name=\"viewport\" content=\"width=device-width\"><title>");
	add_words(out, title);
	strbuf_addf(out, "</title><style>%s</style></head>\n<body><header><h1>", style);
	add_words(out, title);
	strbuf_add_string(
		out,
		"</h1>\n<div id=\"tools\"><label>search <input id=\"search\" type=\"search\"></label>"
		"<span>a click shows one box in full width, Esc all</span><span id=\"told\"></span></div></header>\n"
		"<div id=\"graph\"></div>\n<script>const data=");
	add_node(out, &tree->root, "all");
	strbuf_addf(out, ";\n%s</script></body></html>\n", script);
}
