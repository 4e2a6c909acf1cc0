/**
 * Likeness without training: {@link dev.likeness.ipadapter.IpAdapter} opens an adapter for a base
 * model, and makes an {@link dev.likeness.ipadapter.ImagePrompt} of reference pictures that travels
 * with a request.
 */
package dev.likeness.ipadapter;
