package dev.likeness.diffusion.internal.natives;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URL;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.global.torch;

/** Loads libtorch once for each JVM, with one changed setting of JavaCPP. */
public final class LibTorch {
  private static final String[] LIMIT = {
    "org.bytedeco.javacpp.maxPhysicalBytes", "org.bytedeco.javacpp.maxphysicalbytes"
  };

  private static final Pattern OUT_OF_MEMORY =
      Pattern.compile("out of memory|can't allocate memory|not enough memory|std::bad_alloc");

  private static final Pattern ALLOCATION =
      Pattern.compile("[Tt]ried to allocate ([0-9.]+ [A-Za-z]+)");

  private LibTorch() {}

  /**
   * Turns off JavaCPP's limit of resident memory, unless the user set one. The check makes small
   * operations 2.5 times slower and refuses large tensors if the heap is small. Must run before a
   * bytedeco class loads. Also spares JavaCPP the search for CUDA libraries if the class path has
   * libtorch for CPUs only.
   *
   * @param global the class whose libraries are loaded next
   */
  static void prepare(Class<?> global) {
    if (System.getProperty(LIMIT[0]) == null && System.getProperty(LIMIT[1]) == null) {
      System.setProperty(LIMIT[0], "0");
    }
    AbsentCuda.skip(global);
  }

  /**
   * Loads the native libraries.
   *
   * @throws ResourceLimitException if they are not on the class path, do not fit the platform or
   *     cannot be unpacked; the message has advice
   */
  public static void load() {
    Natives.READY.run();
  }

  /**
   * Runs work, and reports memory that libtorch could not allocate by type. All tensors of the work
   * must belong to scopes that it closes; the device is usable afterwards.
   *
   * @throws ResourceLimitException if the device has too little memory; the message has advice
   */
  public static <T> T callWithinMemory(Supplier<T> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      // libtorch's errors have no types of their own.
      String text = String.valueOf(e.getMessage());
      if (e.getClass() != RuntimeException.class || !OUT_OF_MEMORY.matcher(text).find()) {
        throw e;
      }
      Matcher size = ALLOCATION.matcher(text);
      throw new ResourceLimitException(
          "the device is out of memory"
              + (size.find() ? " (" + size.group(1) + " more were needed)" : "")
              + "; use smaller images, fewer images at once, bf16, or a memory budget",
          e);
    }
  }

  /**
   * Returns freed memory to the system. glibc would keep it, but the next network needs other
   * sizes.
   */
  public static void trim() {
    Pointer.trimMemory();
  }

  /**
   * JavaCPP looks for some forty CUDA libraries in every jar of the class path, under eighteen
   * names each. That takes a third of the time of loading libtorch, and libraries for CPUs use none
   * of them.
   */
  static final class AbsentCuda {
    private static final Pattern NAME =
        Pattern.compile("(cu|npp|nv|nccl|myelin|c10_cuda|torch_cuda|opencv_cu).*");
    // Users who set these choose the libraries themselves.
    private static final Pattern CHOICE =
        Pattern.compile("org\\.bytedeco\\.javacpp\\.(?i:pathsFirst|findLibraries|platform\\..*)");

    // A list of another type would fail later, inside JavaCPP.
    private static final String FOUND = "java.util.Map<java.lang.String, java.net.URL[]>";

    private AbsentCuda() {}

    /**
     * Does nothing if libraries for CUDA are on the class path, even if only the application uses
     * them, or if JavaCPP keeps no such list.
     */
    static void skip(Class<?> global) {
      if (System.getProperties().stringPropertyNames().stream().anyMatch(CHOICE.asPredicate())
          || has(global, "pytorch", "-gpu", "jnitorch")
          || has(global, "opencv", "-gpu", "jniopencv_core")
          || has(global, "cuda", "", "jnicudart")) {
        return;
      }
      try {
        Field field = Loader.class.getDeclaredField("foundLibraries");
        if (!FOUND.equals(field.getGenericType().getTypeName())) {
          return;
        }
        field.setAccessible(true);
        @SuppressWarnings("unchecked")
        Map<String, URL[]> found = (Map<String, URL[]>) field.get(null);
        for (String library :
            Loader.loadProperties(global, Loader.loadProperties(), true).get("platform.preload")) {
          if (NAME.matcher(library).matches()) {
            found.putIfAbsent(library, new URL[0]);
          }
        }
      } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
        // JavaCPP then searches, and finds as much.
      }
    }

    /** Returns true if JavaCPP would find the library of an artifact of bytedeco for a class. */
    private static boolean has(Class<?> global, String artifact, String extension, String library) {
      return global.getResource("/org/bytedeco/" + artifact + "/" + Loader.Detector.getPlatform()
              + extension + "/" + System.mapLibraryName(library))
          != null;
    }
  }

  /** Holder, so that the libraries load at first use and each failed use reports the same error. */
  private static final class Natives {
    static final Runnable READY = tryLoad();

    private static Runnable tryLoad() {
      try {
        NativeLibraries.load(torch.class);
        return () -> {};
      } catch (ResourceLimitException e) {
        return () -> {
          throw new ResourceLimitException(e.getMessage(), e);
        };
      } catch (LinkageError | RuntimeException e) {
        String message = "libtorch's native libraries for " + Loader.Detector.getPlatform()
            + " did not load (" + firstLine(e) + "); " + advice();
        return () -> {
          throw new ResourceLimitException(message, e);
        };
      }
    }

    private static String advice() {
      try {
        Loader.getCacheDir();
        return NativeLibraries.advice(Loader.Detector.getPlatform());
      } catch (IOException e) {
        return "neither the home nor the temporary folder is writable; unpack the libraries"
            + " elsewhere with -Dorg.bytedeco.javacpp.cachedir=FOLDER";
      }
    }
  }

  /** Returns the first line of libtorch's message, without the C++ stack trace. */
  public static String firstLine(Throwable e) {
    String text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }
}
