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
 * Loads natives one process after the other. JavaCPP unpacks each library under a lock of its own,
 * but a library brings up those beside it that it was linked with: of two processes that find the
 * cache empty, one would load what the other is still writing, and end by SIGBUS.
 */
public final class NativeLibraries {
  private static final String LOCK = ".likeness.lock";
  private static final Set<Class<?>> LOADED = new HashSet<>();

  private NativeLibraries() {}

  /**
   * Loads the libraries that {@code global} binds, which takes nothing once they are.
   *
   * @throws LinkageError when they are not on the class path or do not fit the machine
   */
  public static synchronized void load(Class<?> global) {
    if (LOADED.contains(global)) {
      return;
    }
    LibTorch.prepare();
    try (FileChannel held = lock()) {
      Loader.load(global);
    } catch (IOException e) {
      // Only closing the lock file fails so, when the libraries are loaded.
    }
    LOADED.add(global);
  }

  /**
   * The lock until it is closed; {@code null} where the cache can have none, as on some network
   * drives.
   */
  private static FileChannel lock() {
    FileChannel channel = null;
    try {
      Path file = Loader.getCacheDir().toPath().resolve(LOCK);
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      channel.lock();
    } catch (IOException | OverlappingFileLockException e) {
      // Loading tells what is wrong with the cache; another class loader of this process holds the
      // lock where it overlaps.
    }
    return channel;
  }
}
