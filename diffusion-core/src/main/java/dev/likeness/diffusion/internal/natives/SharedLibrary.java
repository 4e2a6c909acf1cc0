package dev.likeness.diffusion.internal.natives;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A native library that another class loader of this JVM has loaded, such as that of another web
 * application. The JVM loads a file for one class loader only, so each further class loader loads a
 * copy of the file.
 */
public final class SharedLibrary {
  private static final int MOST_COPIES = 100;

  // The text of java.lang.ClassLoader and jdk.internal.loader.NativeLibraries.
  private static final Pattern LOADED =
      Pattern.compile("Native Library (.+) already loaded in another class ?loader");

  private SharedLibrary() {}

  /** Returns the file that another class loader has loaded, if this is why a load failed. */
  static Optional<Path> loadedElsewhere(Throwable failure) {
    Throwable at = failure;
    for (int depth = 0; at != null && depth < 20; depth++, at = at.getCause()) {
      Matcher loaded = LOADED.matcher(String.valueOf(at.getMessage()));
      if (loaded.find()) {
        return Optional.of(Path.of(loaded.group(1)));
      }
    }
    return Optional.empty();
  }

  /**
   * Loads a copy of a library, if another class loader has loaded the library itself.
   *
   * @param failure the error of loading the library itself
   * @param name the name of the library without prefix and ending
   * @param binding the class with the library's native methods
   * @return false if the load failed for another reason
   * @throws ResourceLimitException if no copy can be made or loaded; the message has advice
   */
  public static boolean loadCopy(Throwable failure, String name, Class<?> binding) {
    Optional<Path> loaded = loadedElsewhere(failure);
    if (loaded.isEmpty()) {
      return false;
    }
    // The JVM looks for native methods in libraries of the class loader of their class.
    if (binding.getClassLoader() != SharedLibrary.class.getClassLoader()) {
      throw refused(failure);
    }
    try {
      load(loaded.get().resolveSibling(System.mapLibraryName(name)), name);
      return true;
    } catch (IOException | LinkageError | ResourceLimitException e) {
      e.addSuppressed(failure);
      throw refused(e);
    }
  }

  private static void load(Path library, String name) throws IOException {
    for (int i = 0; i < MOST_COPIES; i++) {
      Path copy = library.resolveSibling(System.mapLibraryName(name + i));
      if (!Files.exists(copy) || Files.mismatch(library, copy) >= 0) {
        AtomicFile.write(copy, out -> Files.copy(library, out));
      }
      try {
        System.load(copy.toAbsolutePath().toString());
        return;
      } catch (UnsatisfiedLinkError e) {
        if (loadedElsewhere(e).isEmpty()) {
          throw e;
        }
      }
    }
    throw new IOException(MOST_COPIES + " class loaders have loaded it");
  }

  /** Returns the exception for a library that only one class loader can load. */
  static ResourceLimitException refused(Throwable cause) {
    return new ResourceLimitException(
        "another class loader of this JVM has loaded the native libraries of Likeness ("
            + LibTorch.firstLine(cause)
            + "); put Likeness into one class loader that all applications of the JVM share, such"
            + " as that of the server; with Spring Boot devtools, exclude it from the restart"
            + " (restart.exclude in META-INF/spring-devtools.properties)",
        cause);
  }
}
