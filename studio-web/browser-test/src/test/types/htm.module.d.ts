// The template tag that makes Preact's nodes of HTML.
import {h, VNode} from './preact.module.js';
declare const htm: {bind(create: typeof h): (text: TemplateStringsArray, ...values: unknown[]) => VNode};
export default htm;
