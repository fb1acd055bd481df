package judge

import "strings"

// element is what we know of an HTML element.
type element struct {
	block      bool     // flow content that is not phrasing content
	phrases    bool     // takes phrasing content only
	attributes []string // besides the global ones
}

func block(attributes string) element {
	return element{block: true, attributes: strings.Fields(attributes)}
}

func phrase(attributes string) element {
	return element{phrases: true, attributes: strings.Fields(attributes)}
}
func heading() element                { return element{block: true, phrases: true} }
func plain(attributes string) element { return element{attributes: strings.Fields(attributes)} }

// elements are those that pages may use, after the HTML standard. It is shorter
// than the standard's list; what a page newly needs is added when it does.
var elements = map[string]element{
	"html": plain(""), "head": plain(""), "body": plain(""), "base": plain("href target"),
	"title": phrase(""), "meta": plain("charset name content http-equiv media"),
	"link":  plain("rel href type media sizes hreflang as crossorigin integrity referrerpolicy color fetchpriority"),
	"style": plain("media nonce"), "script": plain("src type defer async nonce integrity crossorigin referrerpolicy fetchpriority"),
	"noscript": plain(""), "template": plain(""), "slot": plain("name"),

	"address": block(""), "article": block(""), "aside": block(""), "blockquote": block("cite"), "details": block("open name"),
	"dialog": block("open closedby"), "div": block(""), "dl": block(""), "fieldset": block("disabled form name"),
	"figure": block(""), "footer": block(""), "header": block(""), "hgroup": block(""), "hr": block(""), "main": block(""),
	"form": block("action method enctype name target autocomplete novalidate accept-charset rel"),
	"menu": block(""), "nav": block(""), "ol": block("start reversed type"), "section": block(""), "search": block(""), "ul": block(""),
	"h1": heading(), "h2": heading(), "h3": heading(), "h4": heading(), "h5": heading(), "h6": heading(),
	"p": heading(), "pre": heading(),
	"dd": plain(""), "dt": plain(""), "figcaption": plain(""), "legend": phrase(""), "li": plain("value"), "summary": phrase(""),
	"table": block(""), "caption": plain(""), "colgroup": plain("span"), "col": plain("span"), "thead": plain(""), "tbody": plain(""),
	"tfoot": plain(""), "tr": plain(""), "td": plain("colspan rowspan headers"), "th": plain("colspan rowspan headers scope abbr"),

	"a": plain("href target rel download hreflang type referrerpolicy"), "abbr": phrase(""), "b": phrase(""), "bdi": phrase(""),
	"bdo": phrase(""), "br": plain(""), "cite": phrase(""), "code": phrase(""), "data": phrase("value"), "del": plain("cite datetime"),
	"dfn": phrase(""), "em": phrase(""), "i": phrase(""), "ins": plain("cite datetime"), "kbd": phrase(""), "mark": phrase(""),
	"q": phrase("cite"), "s": phrase(""), "samp": phrase(""), "small": phrase(""), "span": phrase(""), "strong": phrase(""),
	"sub": phrase(""), "sup": phrase(""), "time": phrase("datetime"), "u": phrase(""), "var": phrase(""), "wbr": plain(""),

	"img":    plain("src alt srcset sizes width height loading decoding crossorigin referrerpolicy fetchpriority"),
	"iframe": plain("src srcdoc name sandbox allow allowfullscreen width height loading referrerpolicy"),
	"audio":  plain("src controls loop muted preload"), "picture": plain(""), "source": plain("src srcset sizes media type width height"),
	"video": plain("src controls loop muted preload autoplay playsinline poster width height"), "canvas": plain("width height"),

	"button": phrase("type name value disabled form formaction formmethod formenctype formnovalidate formtarget popovertarget popovertargetaction command commandfor"),
	"input": plain("type name value checked disabled readonly required placeholder autocomplete list min max step minlength maxlength " +
		"pattern size multiple accept capture form formaction formmethod formnovalidate dirname src alt width height"),
	"label": phrase("for"), "select": plain("name disabled required multiple size autocomplete form"),
	"datalist": plain(""), "optgroup": plain("label disabled"), "option": phrase("value label selected disabled"),
	"textarea": plain("name rows cols disabled readonly required placeholder autocomplete minlength maxlength wrap form dirname"),
	"output":   phrase("for form name"), "progress": phrase("value max"), "meter": phrase("value min max low high optimum"),
}

var (
	voids       = strings.Fields("area base br col embed hr img input link meta source track wbr")
	transparent = strings.Fields("a ins del noscript slot")
	scripting   = strings.Fields("script template")
	labelable   = strings.Fields("button input meter output progress select textarea")
	referring   = strings.Fields("for form list headers popovertarget commandfor aria-activedescendant aria-controls aria-describedby aria-details aria-errormessage aria-flowto aria-labelledby aria-owns")
	global      = strings.Fields("id class lang dir title hidden tabindex role inert translate spellcheck autofocus autocapitalize autocorrect inputmode enterkeyhint popover accesskey draggable writingsuggestions")
	booleans    = strings.Fields("async autofocus autoplay checked controls defer disabled formnovalidate inert loop multiple muted novalidate open playsinline readonly required reversed selected")
	aria        = strings.Fields("activedescendant atomic autocomplete busy checked colcount colindex colspan controls current describedby description details disabled errormessage expanded flowto haspopup hidden invalid keyshortcuts label labelledby level live modal multiline multiselectable orientation owns placeholder posinset pressed readonly relevant required roledescription rowcount rowindex rowspan selected setsize sort valuemax valuemin valuenow valuetext")

	svgElements   = strings.Fields("svg g defs symbol use path rect circle ellipse line polyline polygon text tspan title desc clippath mask lineargradient radialgradient stop pattern")
	svgAttributes = strings.Fields("id class lang dir role tabindex focusable xmlns xmlns:xlink xlink:href href viewbox preserveaspectratio version width height x y x1 y1 x2 y2 cx cy r rx ry d points pathlength transform " +
		"fill fill-opacity fill-rule stroke stroke-width stroke-linecap stroke-linejoin stroke-dasharray stroke-dashoffset stroke-opacity stroke-miterlimit opacity vector-effect shape-rendering color clip-path clip-rule mask " +
		"text-anchor dominant-baseline font-size font-weight font-family dx dy offset stop-color stop-opacity gradientunits gradienttransform clippathunits maskunits patternunits")
)

// childrenOf are the elements that may stand directly in one; no text may.
var childrenOf = map[string][]string{
	"html": {"head", "body"}, "head": strings.Fields("title meta link script noscript base style"),
	"ul": {"li"}, "ol": {"li"}, "menu": {"li"}, "dl": {"dt", "dd", "div"},
	"table": strings.Fields("caption colgroup thead tbody tfoot tr"), "colgroup": {"col"},
	"thead": {"tr"}, "tbody": {"tr"}, "tfoot": {"tr"}, "tr": {"td", "th"},
	"select": {"option", "optgroup", "hr"}, "optgroup": {"option"}, "datalist": {"option"}, "picture": {"source", "img"},
}

// parentsOf are the elements in which alone one may stand.
var parentsOf = map[string][]string{
	"html": {"the document"}, "head": {"html"}, "body": {"html"}, "title": {"head"}, "base": {"head"},
	"li": {"ul", "ol", "menu"}, "dt": {"dl", "div"}, "dd": {"dl", "div"},
	"caption": {"table"}, "colgroup": {"table"}, "col": {"colgroup"}, "thead": {"table"}, "tbody": {"table"}, "tfoot": {"table"},
	"tr": {"table", "thead", "tbody", "tfoot"}, "td": {"tr"}, "th": {"tr"},
	"option": {"select", "optgroup", "datalist"}, "optgroup": {"select"},
	"legend": {"fieldset"}, "summary": {"details"}, "figcaption": {"figure"}, "source": {"picture", "audio", "video"},
	"main": {"body", "div", "form"},
}

// values are the fixed sets of values, for an attribute anywhere or on one element.
var values = map[string][]string{
	"dir":            {"ltr", "rtl", "auto"},
	"hidden":         {"", "hidden", "until-found"},
	"inputmode":      strings.Fields("none text decimal numeric tel search email url"),
	"enterkeyhint":   strings.Fields("enter done go next previous search send"),
	"spellcheck":     {"true", "false", ""},
	"autocapitalize": strings.Fields("off none on sentences words characters"),
	"translate":      {"yes", "no", ""},
	"popover":        {"", "auto", "manual", "hint"},
	"method":         {"get", "post", "dialog"},
	"loading":        {"lazy", "eager"},
	"decoding":       {"sync", "async", "auto"},
	"scope":          {"row", "col", "rowgroup", "colgroup"},
	"button type":    {"submit", "button", "reset"},
	"input type":     strings.Fields("hidden text search tel url email password date month week time datetime-local number range color checkbox radio file submit image reset button"),
	"script type":    {"module", "importmap", "speculationrules", "application/json", "text/javascript"},
	"meta charset":   {"utf-8"},
	"aria-current":   strings.Fields("page step location date time true false"),
	"aria-live":      strings.Fields("off polite assertive"),
	"aria-hidden":    {"true", "false"},
	"aria-expanded":  {"true", "false"},
	"aria-pressed":   strings.Fields("true false mixed"),
	"aria-invalid":   strings.Fields("true false grammar spelling"),
	"aria-haspopup":  strings.Fields("true false menu listbox tree grid dialog"),
	"aria-sort":      strings.Fields("ascending descending none other"),
	"aria-atomic":    {"true", "false"},
	"aria-modal":     {"true", "false"},
}
