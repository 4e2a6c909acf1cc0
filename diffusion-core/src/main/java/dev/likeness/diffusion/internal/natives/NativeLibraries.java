package dev.likeness.diffusion.internal.natives;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.openblas.presets.openblas_nolapack.MklDomainSetNumThreads;

/**
 * Loads native libraries in one process at a time. JavaCPP unpacks each library under its own lock,
 * but a library also loads those that it is linked with. If two processes start with an empty
 * cache, one could load a library that the other is still writing, and crash with SIGBUS.
 */
public final class NativeLibraries {
  private static final String LOCK = ".likeness.lock";
  private static final Set<Class<?>> LOADED = new HashSet<>();
  private static final Map<String, String> CPU_VARIABLES =
      Collections.unmodifiableMap(new TreeMap<>(Map.of(
          "MALLOC_ARENA_MAX",
          "1",
          "MALLOC_MMAP_THRESHOLD_",
          "150000000",
          "MALLOC_TRIM_THRESHOLD_",
          "400000000",
          "OPENBLAS_NUM_THREADS",
          "1",
          "OMP_WAIT_POLICY",
          "PASSIVE",
          "GOMP_SPINCOUNT",
          "10000")));

  private NativeLibraries() {}

  /** Returns the environment variables that make libtorch faster on Linux CPUs, by name. */
  public static Map<String, String> cpuVariables() {
    return CPU_VARIABLES;
  }

  /**
   * Returns true if the setting of a variable works as well if the library applies it to a running
   * process.
   */
  public static boolean appliesLate(String variable) {
    return Loader.Detector.getPlatform().startsWith("linux-")
        && !variable.equals("MALLOC_ARENA_MAX");
  }

  /**
   * Loads the libraries that {@code global} binds; does nothing if they are loaded. On Linux, the
   * process then has the settings of {@link #cpuVariables}, as far as a running process can have
   * them.
   *
   * @throws LinkageError if they are not on the class path or do not fit the platform
   * @throws ResourceLimitException if the JVM denies native access, or only another class loader of
   *     the JVM can load the libraries
   */
  public static synchronized void load(Class<?> global) {
    if (LOADED.contains(global)) {
      return;
    }
    LibTorch.prepare(global);
    try (FileChannel held = lock()) {
      if (LOADED.isEmpty()) {
        LateSettings.ofLibraries();
      }
      Loader.load(global);
      LateSettings.ofMalloc();
    } catch (LinkageError | RuntimeException e) {
      if (isDenied()) {
        throw new ResourceLimitException(
            "the JVM denies access to native libraries; start it with"
                + " --enable-native-access=ALL-UNNAMED",
            e);
      }
      if (SharedLibrary.loadedElsewhere(e).isPresent()) {
        throw SharedLibrary.refused(e);
      }
      throw e;
    } catch (IOException e) {
      // Only closing the lock file can fail here; the libraries are loaded.
    }
    LOADED.add(global);
  }

  /**
   * Says how to get the native libraries for a platform, or that there are none.
   *
   * @param platform the platform as JavaCPP names it, such as {@code linux-x86_64}
   */
  public static String advice(String platform) {
    return switch (platform) {
      case "linux-x86_64", "macosx-arm64", "windows-x86_64" ->
        "add dev.likeness:likeness-natives-"
            + platform + " (type pom)"
            + (platform.startsWith("linux") ? "; they need glibc, not musl" : "");
      default ->
        (platform.equals("macosx-x86_64") ? "Hugging Face's tokenizers have" : "libtorch has")
            + " no native libraries for "
            + platform + "; use Linux or Windows on x86-64, or macOS on ARM";
    };
  }

  /** JavaCPP may swallow the JVM's exception. A load that could only fail gets it again. */
  private static boolean isDenied() {
    try {
      System.load(Path.of("no-library").toAbsolutePath().toString());
    } catch (IllegalCallerException e) {
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
    return false;
  }

  /**
   * Takes the lock, until it is closed; {@code null} if the cache cannot have one, as on some
   * network drives.
   */
  private static FileChannel lock() {
    FileChannel channel = null;
    try {
      Path file = Loader.getCacheDir().toPath().resolve(LOCK);
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      channel.lock();
    } catch (IOException | OverlappingFileLockException e) {
      // Loading reports a broken cache. If locks overlap, another class loader of this process has
      // the lock.
    }
    return channel;
  }

  /**
   * Returns the number of cores, each of which may be several processors; a large number if the
   * system does not tell.
   *
   * @param processors the folder in which Linux describes processors
   */
  static int physicalCores(Path processors) {
    Set<String> cores = new HashSet<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(processors, "cpu[0-9]*")) {
      for (Path folder : folders) {
        Path siblings = folder.resolve("topology/thread_siblings_list");
        if (Files.exists(siblings)) {
          cores.add(Files.readString(siblings).strip());
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      return Integer.MAX_VALUE;
    }
    return cores.isEmpty() ? Integer.MAX_VALUE : cores.size();
  }

  /**
   * The settings of {@link #CPU_VARIABLES} for a process that was started without them. A variable
   * that the operator set keeps its value.
   */
  private static final class LateSettings {
    /** Parameters of glibc's {@code mallopt}, by variable. */
    private static final Map<String, Integer> MALLOPT =
        Map.of("MALLOC_TRIM_THRESHOLD_", -1, "MALLOC_MMAP_THRESHOLD_", -3, "MALLOC_ARENA_MAX", -8);

    // OpenMP counts hyper-threads, and the processors that a container's quota does not allow.
    private static final String THREADS = "OMP_NUM_THREADS";

    private LateSettings() {}

    private static Map<String, String> missing(boolean ofMalloc) {
      Map<String, String> missing = new TreeMap<>(CPU_VARIABLES);
      missing.keySet().removeAll(System.getenv().keySet());
      missing.keySet().removeIf(name -> MALLOPT.containsKey(name) != ofMalloc);
      return missing;
    }

    /**
     * OpenBLAS and OpenMP read their variables when they are loaded. Replaces the list of variables
     * that C code sees by a longer copy. {@link System#getenv} does not change: the JVM has read
     * the list already.
     */
    static void ofLibraries() {
      Map<String, String> missing = missing(false);
      if (System.getenv(THREADS) == null) {
        int cores = physicalCores(Path.of("/sys/devices/system/cpu"));
        missing.put(
            THREADS, String.valueOf(Math.min(cores, Runtime.getRuntime().availableProcessors())));
      }
      Pointer environment = address("environ");
      if (missing.isEmpty() || environment == null || environment.isNull()) {
        return;
      }
      PointerPointer<Pointer> head = new PointerPointer<>(environment);
      PointerPointer<Pointer> old = new PointerPointer<>(head.get(0));
      int count = 0;
      while (!old.isNull() && old.get(count) != null) {
        count++;
      }
      // Never freed: the list is in use until the process ends.
      PointerPointer<Pointer> longer = new PointerPointer<>(
          Pointer.malloc((count + missing.size() + 1L) * Loader.sizeof(Pointer.class)));
      for (int i = 0; i < count; i++) {
        longer.put(i, old.get(i));
      }
      for (Map.Entry<String, String> variable : missing.entrySet()) {
        byte[] text = (variable + "\0").getBytes(StandardCharsets.US_ASCII);
        longer.put(count++, new BytePointer(Pointer.malloc(text.length)).put(text));
      }
      longer.put(count, (Pointer) null);
      head.put(0, longer);
    }

    /** Calls glibc's {@code mallopt}, whose signature is that of a function type of OpenBLAS. */
    static void ofMalloc() {
      Pointer address = address("mallopt");
      if (address == null || address.isNull()) {
        return;
      }
      MklDomainSetNumThreads mallopt = new MklDomainSetNumThreads() {}.put(address);
      missing(true)
          .forEach((name, value) -> mallopt.call(MALLOPT.get(name), Integer.parseInt(value)));
      mallopt.close();
    }

    private static Pointer address(String symbol) {
      if (!Loader.Detector.getPlatform().startsWith("linux-")) {
        return null;
      }
      try {
        Loader.load(Pointer.class);
        return Loader.addressof(symbol);
      } catch (LinkageError e) {
        // Loading the libraries reports what is missing.
        return null;
      }
    }
  }
}
