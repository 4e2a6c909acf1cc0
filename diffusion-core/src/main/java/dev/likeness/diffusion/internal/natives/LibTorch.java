package dev.likeness.diffusion.internal.natives;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.global.torch;

/**
 * Brings libtorch up once per JVM, with the one setting that Likeness makes without being asked.
 */
public final class LibTorch {
  private static final String[] LIMIT = {
    "org.bytedeco.javacpp.maxPhysicalBytes", "org.bytedeco.javacpp.maxphysicalbytes"
  };

  private LibTorch() {}

  /**
   * Turns off JavaCPP's watch over resident memory unless the user chose a limit. The watch costs
   * 2.5 times the price of a small operation and refuses large tensors under a small heap. Must run
   * before a bytedeco class loads.
   */
  public static void prepare() {
    if (System.getProperty(LIMIT[0]) == null && System.getProperty(LIMIT[1]) == null) {
      System.setProperty(LIMIT[0], "0");
    }
  }

  /**
   * Loads the natives.
   *
   * @throws ResourceLimitException when they are not on the class path, do not fit the machine or
   *     cannot be unpacked; says what to do
   */
  public static void load() {
    Natives.READY.run();
  }

  /**
   * Gives memory that was freed back to the system: glibc keeps it for the next layer, which here
   * is another network's.
   */
  public static void trim() {
    Pointer.trimMemory();
  }

  /**
   * Holder, so that the natives load at first use and a failure is reported the same way each time.
   */
  private static final class Natives {
    static final Runnable READY = tryLoad();

    private static Runnable tryLoad() {
      try {
        NativeLibraries.load(torch.class);
        return () -> {};
      } catch (LinkageError | RuntimeException e) {
        String message = "libtorch's natives for " + Loader.Detector.getPlatform()
            + " did not load (" + firstLine(e) + "); " + advice();
        return () -> {
          throw new ResourceLimitException(message, e);
        };
      }
    }

    private static String advice() {
      try {
        Loader.getCacheDir();
        return "add dev.likeness:likeness-natives-cpu (type pom), or org.bytedeco:pytorch,"
            + " openblas and javacpp with the classifier "
            + Loader.Detector.getPlatform() + "; on Linux they need glibc, not musl";
      } catch (IOException e) {
        return "neither the home nor the temporary folder can be written; unpack them elsewhere with"
            + " -Dorg.bytedeco.javacpp.cachedir=FOLDER";
      }
    }
  }

  /** The first line of libtorch's message, without the C++ frames below it. */
  public static String firstLine(Throwable e) {
    String text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }
}
