/** The joint to OpenCV: its natives, images as matrices, and small ONNX networks that it runs. */
package dev.likeness.photos.internal.opencv;
