package dev.likeness.headshots.doctor;

import ai.djl.util.Utils;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.internal.natives.NativeLibraries;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.headshots.doctor.Doctor.Diagnosis;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.pytorch.global.torch;

/** Checks the native libraries of libtorch, OpenCV and the tokenizers, and their devices. */
final class NativesCheck {
  /** The platforms that the published tokenizers have, as DJL names them. */
  private static final Set<String> TOKENIZERS =
      Set.of("linux-aarch64", "linux-x86_64", "osx-aarch64", "win-x86_64");

  /** The platforms with an artifact of CUDA libraries. */
  private static final Set<String> CUDA = Set.of("linux-x86_64", "windows-x86_64");

  private NativesCheck() {}

  static List<Diagnosis> diagnoses() {
    List<Diagnosis> diagnoses = new ArrayList<>(libtorch());
    diagnoses.add(opencv());
    diagnoses.add(tokenizers(Loader.Detector.getPlatform()));
    return diagnoses;
  }

  private static List<Diagnosis> libtorch() {
    try {
      LibTorch.load();
    } catch (ResourceLimitException e) {
      return List.of(Diagnosis.ofMissing("libtorch", e.getMessage()));
    }
    Diagnosis version = Diagnosis.ofOk(
        "libtorch",
        torch.class.getPackage().getImplementationVersion() + " for "
            + Loader.Detector.getPlatform() + ", " + torch.get_num_threads() + " threads");
    return List.of(
        version,
        cuda(),
        Diagnosis.ofOk(
            "computes on", Compute.best() + " unless --device and --dtype say otherwise"));
  }

  /** Returns the GPUs with their memory as the driver reports it. */
  private static Diagnosis cuda() {
    if (!torch.hasCUDA() || !torch.cuda_is_available()) {
      return withoutCuda(Loader.Detector.getPlatform());
    }
    try {
      return Diagnosis.ofOk(
          "cuda",
          IntStream.range(0, (int) torch.cuda_device_count())
              .mapToObj(i -> "cuda:" + i)
              .map(device -> device + " with " + new Compute(device, DType.BF16).memory())
              .collect(Collectors.joining("; ")));
    } catch (ResourceLimitException e) {
      return Diagnosis.ofMissing("cuda", e.getMessage());
    }
  }

  /** Says what a GPU needs on platforms whose libtorch can use one. */
  static Diagnosis withoutCuda(String platform) {
    return CUDA.contains(platform)
        ? Diagnosis.ofAdvice(
            "cuda", "no CUDA device found; to use one, " + Compute.CUDA_REQUIREMENTS)
        : Diagnosis.ofOk("cuda", "libtorch for " + platform + " computes without CUDA");
  }

  private static Diagnosis opencv() {
    try {
      NativeLibraries.load(opencv_core.class);
      return Diagnosis.ofOk(
          "opencv",
          opencv_core.CV_VERSION_MAJOR + "." + opencv_core.CV_VERSION_MINOR + "."
              + opencv_core.CV_VERSION_REVISION);
    } catch (ResourceLimitException e) {
      return Diagnosis.ofMissing("opencv", e.getMessage());
    } catch (LinkageError e) {
      return Diagnosis.ofMissing(
          "opencv",
          "its native libraries did not load (" + LibTorch.firstLine(e) + "); "
              + NativeLibraries.advice(Loader.Detector.getPlatform()));
    }
  }

  /** Looks for the tokenizers by the platform name of DJL. Loading them would unpack them. */
  static Diagnosis tokenizers(String platform) {
    String folder =
        platform.replace("macosx", "osx").replace("windows", "win").replace("arm64", "aarch64");
    boolean there = NativesCheck.class
            .getClassLoader()
            .getResource("native/lib/" + folder + "/cpu/" + System.mapLibraryName("tokenizers"))
        != null;
    return there
        ? Diagnosis.ofOk("tokenizers", "on the class path")
        : Diagnosis.ofMissing(
            "tokenizers",
            TOKENIZERS.contains(folder)
                ? "the class path has no ai.djl.huggingface:tokenizers for " + platform + "; add it"
                : "Hugging Face's tokenizers have no native libraries for " + platform);
  }

  /** Checks the folders into which libraries unpack natives, and their free space. */
  static final class CachesCheck {
    private static final double MIB = 1 << 20;
    private static final long ROOM = 1L << 30;

    private CachesCheck() {}

    static List<Diagnosis> diagnoses() {
      return List.of(
          javacpp(), diagnosis(Utils.getCacheDir(), "move the cache with DJL_CACHE_DIR"));
    }

    private static Diagnosis javacpp() {
      try {
        return diagnosis(
            Loader.getCacheDir().toPath(), "move the cache with -Dorg.bytedeco.javacpp.cachedir");
      } catch (IOException e) {
        return Diagnosis.ofMissing(
            "cache",
            "native libraries cannot be unpacked: " + e.getMessage()
                + "; move the cache with -Dorg.bytedeco.javacpp.cachedir");
      }
    }

    private static Diagnosis diagnosis(Path cache, String howToMove) {
      Path existing = cache.toAbsolutePath();
      while (existing != null && !Files.exists(existing)) {
        existing = existing.getParent();
      }
      if (existing == null || !Files.isWritable(existing)) {
        return Diagnosis.ofMissing(
            "cache",
            cache + " cannot be written, so native libraries cannot be unpacked; " + howToMove);
      }
      String size = Files.exists(cache)
          ? String.format(Locale.ROOT, "%.0f MiB", bytes(cache) / MIB)
          : "not created yet";
      long free = existing.toFile().getUsableSpace();
      String text = cache + ", " + size + String.format(Locale.ROOT, ", %.0f MiB free", free / MIB);
      return free < ROOM
          ? Diagnosis.ofAdvice(
              "cache", text + "; native libraries take about 600 MiB; " + howToMove)
          : Diagnosis.ofOk("cache", text);
    }

    private static long bytes(Path folder) {
      try (Stream<Path> files = Files.walk(folder)) {
        return files
            .filter(Files::isRegularFile)
            .mapToLong(file -> file.toFile().length())
            .sum();
      } catch (IOException | UncheckedIOException e) {
        return 0;
      }
    }
  }
}
