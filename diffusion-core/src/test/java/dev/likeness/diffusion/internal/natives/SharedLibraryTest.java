package dev.likeness.diffusion.internal.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedLibraryTest {
  private static final String CURE =
      "; put Likeness into one class loader that all applications of the JVM share, such as that of"
          + " the server; with Spring Boot devtools, exclude it from the restart (restart.exclude"
          + " in META-INF/spring-devtools.properties)";

  @TempDir
  private Path folder;

  private UnsatisfiedLinkError loaded() {
    return new UnsatisfiedLinkError("Native Library " + folder.resolve("libother.so")
        + " already loaded in another classloader");
  }

  @Test
  void knowsTheErrorByItsTextAndCauses() {
    Path library = folder.resolve("libother.so");
    for (Throwable failure : List.of(
        loaded(),
        new IllegalStateException(loaded()),
        new NoClassDefFoundError("Could not initialize class LibUtils").initCause(loaded()),
        new UnsatisfiedLinkError(
            "Native Library " + library + " already loaded in another class loader"))) {
      assertEquals(Optional.of(library), SharedLibrary.loadedElsewhere(failure));
    }
    UnsatisfiedLinkError missing = new UnsatisfiedLinkError("no other in java.library.path");
    assertEquals(Optional.empty(), SharedLibrary.loadedElsewhere(missing));
    assertFalse(SharedLibrary.loadCopy(missing, "other", SharedLibraryTest.class));
  }

  @Test
  void saysWhyNoCopyCanBeMade() {
    Path library = folder.resolve(System.mapLibraryName("other"));
    Path copy = folder.resolve(System.mapLibraryName("other0"));
    ResourceLimitException refused = assertThrows(
        ResourceLimitException.class,
        () -> SharedLibrary.loadCopy(loaded(), "other", SharedLibraryTest.class));
    String start = "another class loader of this JVM has loaded the native libraries of Likeness (";
    assertTrue(refused.getMessage().startsWith(start), refused.getMessage());
    assertTrue(refused.getMessage().contains(copy.toString()), refused.getMessage());
    assertTrue(refused.getMessage().endsWith(")" + CURE), refused.getMessage());
    assertFalse(Files.exists(library));
  }

  /** Native methods of the JDK are looked up in the libraries of its own class loader. */
  @Test
  void loadsNoCopyForTheClassesOfAnotherClassLoader() {
    assertEquals(
        "another class loader of this JVM has loaded the native libraries of Likeness ("
            + loaded().getMessage() + ")" + CURE,
        assertThrows(
                ResourceLimitException.class,
                () -> SharedLibrary.loadCopy(loaded(), "other", String.class))
            .getMessage());
  }
}
