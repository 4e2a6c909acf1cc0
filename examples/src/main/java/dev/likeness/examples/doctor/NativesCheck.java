package dev.likeness.examples.doctor;

import dev.likeness.diffusion.error.MachineLimit;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.LibTorch;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.pytorch.global.torch;

/** libtorch, OpenCV and the tokenizers' natives, and what they can compute on. */
final class NativesCheck {
  private static final String CUDA = "none answers; for one add org.bytedeco:pytorch with the classifier "
      + "linux-x86_64-gpu and org.bytedeco:cuda, and install CUDA 13 with cuDNN 9";

  private NativesCheck() {}

  static List<Finding> findings() {
    List<Finding> findings = new ArrayList<>(libtorch());
    findings.add(opencv());
    findings.add(tokenizers());
    return findings;
  }

  private static List<Finding> libtorch() {
    try {
      LibTorch.load();
    } catch (MachineLimit e) {
      return List.of(Finding.missing("libtorch", e.getMessage()));
    }
    Finding version = Finding.ok("libtorch", torch.class.getPackage().getImplementationVersion() + " for "
        + Loader.Detector.getPlatform() + ", " + torch.get_num_threads() + " threads");
    boolean cuda = torch.hasCUDA() && torch.cuda_is_available();
    return List.of(version, Finding.ok("cuda", cuda ? torch.cuda_device_count() + " devices" : CUDA),
        Finding.ok("computes on", Compute.best() + " unless --device and --dtype say otherwise"));
  }

  private static Finding opencv() {
    try {
      Loader.load(opencv_core.class);
      return Finding.ok("opencv", opencv_core.CV_VERSION_MAJOR + "." + opencv_core.CV_VERSION_MINOR + "."
          + opencv_core.CV_VERSION_REVISION);
    } catch (LinkageError e) {
      return Finding.missing("opencv", "its natives did not load (" + LibTorch.firstLine(e)
          + "); add dev.likeness:likeness-natives-cpu (type pom), or org.bytedeco:opencv, openblas and javacpp with "
          + "the classifier " + Loader.Detector.getPlatform());
    }
  }

  private static Finding tokenizers() {
    boolean there = NativesCheck.class.getClassLoader().getResource("native/lib/tokenizers.properties") != null;
    return there ? Finding.ok("tokenizers", "on the class path")
        : Finding.missing("tokenizers", "add ai.djl.huggingface:tokenizers:0.38.0");
  }
}
