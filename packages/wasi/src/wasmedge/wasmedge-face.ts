import type { Face } from "../face.ts";
import { connectFace } from "./connect-face.ts";
import { inquiryFace } from "./inquiry-face.ts";
import { messageFace } from "./message-face.ts";

/**
 * The WasmEdge socket extension of preview 1: `sock_open`, `sock_bind`, `sock_connect` and their kin, under the names
 * and with the layouts of WasmEdge and of the crate `wasmedge_wasi_socket`, older and newer form. What preview 1 itself
 * has of them works as there.
 */
export const wasmedgeFaces: readonly Face[] = [connectFace, messageFace, inquiryFace];
