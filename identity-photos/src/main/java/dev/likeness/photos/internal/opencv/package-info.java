/** The joint to OpenCV: its natives, pictures as matrices, and small ONNX networks that it runs. */
package dev.likeness.photos.internal.opencv;
