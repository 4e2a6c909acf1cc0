package dev.likeness.photos.face;

import dev.likeness.diffusion.error.MachineLimit;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.tensor.LibTorch;
import dev.likeness.photos.pixels.Luma;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;

/** Loads OpenCV's natives and hands pictures to it. */
final class OpenCv {
  private OpenCv() {}

  /** Loads the library that {@code global} binds; a {@link MachineLimit} names the missing coordinates. */
  static void load(Class<?> global) {
    LibTorch.prepare();
    try {
      Loader.load(global);
    } catch (LinkageError e) {
      throw new MachineLimit("OpenCV's natives for " + Loader.getPlatform() + " are not on the class path; add "
          + "dev.likeness:likeness-natives-cpu, or org.bytedeco:opencv:4.13.0-1.5.13:" + Loader.getPlatform()
          + " with its openblas and javacpp", e);
    }
  }

  /** A native copy of a picture in OpenCV's channel order, at the top left of a black square; the caller closes it. */
  static Mat bgr(Picture picture, int side) {
    byte[] rgb = picture.rgb();
    byte[] out = new byte[side * side * 3];
    for (int y = 0; y < Math.min(side, picture.height()); y++) {
      for (int x = 0; x < Math.min(side, picture.width()); x++) {
        int from = (y * picture.width() + x) * 3;
        int to = (y * side + x) * 3;
        out[to] = rgb[from + 2];
        out[to + 1] = rgb[from + 1];
        out[to + 2] = rgb[from];
      }
    }
    Mat mat = new Mat(side, side, opencv_core.CV_8UC3);
    mat.data().put(out);
    return mat;
  }

  /** A native copy of a grey picture; the caller closes it. */
  static Mat grey(Luma luma) {
    Mat mat = new Mat(luma.height(), luma.width(), opencv_core.CV_8UC1);
    mat.data().put(luma.bytes());
    return mat;
  }
}
