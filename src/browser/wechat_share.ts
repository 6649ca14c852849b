// Sets the share card of this page through the WeChat JS-SDK, if the page is open in WeChat.
// https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html

/** The part of the WeChat JS-SDK that is used here. */
declare const wx: {
  config(settings: Record<string, unknown>): void;
  ready(work: () => void): void;
  updateAppMessageShareData(card: { title: string; desc: string; link: string; imgUrl: string }): void;
  updateTimelineShareData(card: { title: string; link: string; imgUrl: string }): void;
};

const WECHAT_SCRIPT = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';
const APIS = ['updateAppMessageShareData', 'updateTimelineShareData'];
/** Personal pages: their links must not be shared. */
const PERSONAL = /^\/(me|signed|recovery|reports\/|offline)/;

const says = (name: string) => document.querySelector<HTMLMetaElement>(`meta[itemprop="${name}"]`)?.content ?? '';

async function begin(): Promise<void> {
  const address = location.href.split('#')[0] ?? '';
  const answer = await fetch(`/wechat/config?url=${encodeURIComponent(address)}`);
  // Without a signature from the server, WeChat builds the card from the page itself.
  if (!answer.ok) return;
  wx.config({ ...(await answer.json()), jsApiList: APIS });
  wx.ready(() => {
    const [title, desc] = [says('name'), says('description')];
    const imgUrl = new URL(says('image'), location.href).href;
    // Personal pages share the home page instead. Without `lang`, so that recipients get the page
    // in their own language.
    const link = PERSONAL.test(location.pathname)
      ? `${location.origin}/`
      : address.replace(/([?&])lang=[^&]*&?/, '$1').replace(/[?&]$/, '');
    wx.updateAppMessageShareData({ title, desc, imgUrl, link });
    wx.updateTimelineShareData({ title: desc, imgUrl, link });
  });
}

if (/MicroMessenger/i.test(navigator.userAgent)) {
  const script = document.createElement('script');
  script.src = WECHAT_SCRIPT;
  script.onload = () => void begin().catch(() => {});
  document.head.append(script);
}

export {};
