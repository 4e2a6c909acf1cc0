/**
 * From the bytes of an untrusted file to an upright sRGB picture:
 * {@link dev.likeness.photos.decode.PhotoDecoder} is the way in,
 * {@link dev.likeness.photos.decode.DecodeLimits} what it may cost.
 */
package dev.likeness.photos.decode;
