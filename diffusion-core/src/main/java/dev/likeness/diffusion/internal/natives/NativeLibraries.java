package dev.likeness.diffusion.internal.natives;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.bytedeco.javacpp.Loader;

/**
 * Loads native libraries in one process at a time. JavaCPP unpacks each library under its own lock,
 * but a library also loads those that it is linked with. If two processes start with an empty
 * cache, one could load a library that the other is still writing, and crash with SIGBUS.
 */
public final class NativeLibraries {
  private static final String LOCK = ".likeness.lock";
  private static final Set<Class<?>> LOADED = new HashSet<>();

  private NativeLibraries() {}

  /**
   * Loads the libraries that {@code global} binds; does nothing if they are loaded.
   *
   * @throws LinkageError if they are not on the class path or do not fit the platform
   */
  public static synchronized void load(Class<?> global) {
    if (LOADED.contains(global)) {
      return;
    }
    LibTorch.prepare();
    try (FileChannel held = lock()) {
      Loader.load(global);
    } catch (IOException e) {
      // Only closing the lock file can fail here; the libraries are loaded.
    }
    LOADED.add(global);
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
}
