package dev.likeness.vault.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VaultWriteChannelTest {
  private static final Path OPEN = Path.of("/proc/self/fd");
  private static final int MAX_POLLS = 1000;

  @TempDir
  private Path folder;

  @Test
  void closesAFileBeforeItIsMovedAsWindowsWantsIt() throws IOException, InterruptedException {
    assumeTrue(Files.isDirectory(OPEN), "only Linux lists what is open");
    EncryptedFolder vault = new EncryptedFolder(
        folder.resolve("vault"), "ada/photos", WrappingKey.createFile(folder.resolve("key.txt")));
    Path photo = vault.root().resolve("one.jpg");
    OutputStream out = Files.newOutputStream(photo);
    out.write(new byte[1000]);
    assertTrue(isPartOpen());
    Thread closing = new Thread(() -> close(out));
    // What puts a file in place waits for the vault's lock.
    synchronized (vault) {
      closing.start();
      for (int i = 0; i < MAX_POLLS && isPartOpen(); i++) {
        Thread.sleep(10);
      }
      assertFalse(isPartOpen());
    }
    closing.join();
    assertEquals(1000, Files.readAllBytes(photo).length);
  }

  private boolean isPartOpen() throws IOException {
    Path own = folder.toRealPath();
    try (Stream<Path> open = Files.list(OPEN)) {
      return open.map(VaultWriteChannelTest::target)
          .anyMatch(file -> file.startsWith(own) && file.toString().endsWith(".part"));
    }
  }

  // What the listing itself opened, or another thread, may be closed by now.
  private static Path target(Path link) {
    try {
      return Files.readSymbolicLink(link);
    } catch (IOException closed) {
      return link;
    }
  }

  private static void close(OutputStream out) {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
