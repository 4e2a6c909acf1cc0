package dev.likeness.photos.face;

import dev.likeness.diffusion.error.MachineLimit;
import dev.likeness.photos.pixels.Luma;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;

/** Loads OpenCV's natives once, with the one setting that must precede any bytedeco class. */
final class OpenCv {
  static {
    if (System.getProperty("org.bytedeco.javacpp.maxPhysicalBytes") == null
        && System.getProperty("org.bytedeco.javacpp.maxphysicalbytes") == null) {
      System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
    }
  }

  private OpenCv() {}

  /** Loads the library that {@code global} binds; a {@link MachineLimit} names the missing coordinates. */
  static void load(Class<?> global) {
    try {
      Loader.load(global);
    } catch (LinkageError e) {
      throw new MachineLimit("OpenCV's natives for " + Loader.getPlatform() + " are not on the class path; add "
          + "dev.likeness:likeness-natives-cpu, or org.bytedeco:opencv:4.13.0-1.5.13:" + Loader.getPlatform()
          + " with its openblas and javacpp", e);
    }
  }

  /** A native copy of a grey picture; the caller closes it. */
  static Mat grey(Luma luma) {
    Mat mat = new Mat(luma.height(), luma.width(), opencv_core.CV_8UC1);
    mat.data().put(luma.bytes());
    return mat;
  }
}
