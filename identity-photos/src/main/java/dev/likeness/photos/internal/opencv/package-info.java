/** Access to OpenCV: native libraries, conversion of images, and small ONNX networks. */
package dev.likeness.photos.internal.opencv;
