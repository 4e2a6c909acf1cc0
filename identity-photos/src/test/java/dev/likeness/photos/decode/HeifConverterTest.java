package dev.likeness.photos.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class HeifConverterTest {
  private static final byte[] PHOTO = "a photo".getBytes(StandardCharsets.UTF_8);

  @TempDir
  private Path folder;

  @Test
  void findsAProgramAsWindowsCallsIt() throws IOException {
    String program = program("heif-convert.exe", "");
    assertEquals(Optional.of(program), HeifConverter.findProgram(folder.toString()));
  }

  @Test
  void skipsPathEntriesThatAreNoFolders() throws IOException {
    String program = program("heif-dec", "");
    String noPath = "\0";
    String path = String.join(
        File.pathSeparator,
        noPath,
        "",
        "relative",
        folder.resolve("missing").toString(),
        folder.toString());
    assertEquals(Optional.of(program), HeifConverter.findProgram(path));
    assertEquals(Optional.empty(), HeifConverter.findProgram(""));
    assertTrue(new HeifConverter(path, 60).supports(PhotoFormat.AVIF));
    assertFalse(new HeifConverter(path, 60).supports(PhotoFormat.JPEG));
    assertFalse(new HeifConverter("", 60).supports(PhotoFormat.HEIC));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void returnsTheFirstImageThatTheProgramWrites() throws IOException {
    program("heif-dec", "cp \"$3\" \"${4%.jpg}-1.jpg\"; touch \"${4%.jpg}-2.jpg\"");
    assertArrayEquals(PHOTO, convert(60));
    assertDeleted();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void endsAProgramThatTakesTooLongAndWhatItStarted() throws Exception {
    // The shell and the program that it waits for are two processes, as of a wrapper script.
    program("heif-dec", "sleep 1000 & echo $! > '" + folder + "/child'; wait");
    assertEquals("libheif's program did not finish within 1 s", refusal(1));
    assertDeleted();
    long child = Long.parseLong(Files.readString(folder.resolve("child")).strip());
    for (int i = 0; i < 100 && isAlive(child); i++) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    assertFalse(isAlive(child));
  }

  // A process that was ended stays in the table until its parent has asked for its status.
  private static boolean isAlive(long process) {
    return ProcessHandle.of(process)
        .filter(ProcessHandle::isAlive)
        .filter(handle -> handle.info().command().isPresent())
        .isPresent();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void refusesWhatAProgramDoesWrong() throws IOException {
    program("heif-dec", "exit 1");
    assertEquals("libheif's program cannot convert the file", refusal(60));
    program("heif-dec", "");
    assertEquals("libheif's program wrote no image", refusal(60));
    program("heif-dec", "truncate -s 200000001 \"$4\"");
    assertEquals("libheif's program wrote more than 200 MB", refusal(60));
    assertDeleted();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void endsTheProgramIfTheThreadIsInterrupted() throws IOException {
    program("heif-dec", "exec sleep 1000");
    Thread converting = Thread.currentThread();
    Thread other = new Thread(() -> {
      awaitTheProgram();
      converting.interrupt();
    });
    other.start();
    assertThrows(InterruptedIOException.class, () -> convert(60));
    assertTrue(Thread.interrupted(), "the thread stays interrupted");
    assertDeleted();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void endsTheProgramIfTheWorkIsCancelled() throws IOException {
    program("heif-dec", "exec sleep 1000");
    Cancellation stop = new Cancellation();
    new Thread(() -> {
          awaitTheProgram();
          stop.cancel();
        })
        .start();
    assertThrows(
        CancelledException.class,
        () -> stop.run(() -> {
          try {
            return convert(600);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }));
    assertDeleted();
  }

  private void awaitTheProgram() {
    while (folder.resolve("given").toFile().length() == 0) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private byte[] convert(int seconds) throws IOException {
    return new HeifConverter(folder.toString(), seconds).convert(PhotoFormat.HEIC, PHOTO);
  }

  private String refusal(int seconds) {
    return assertThrows(IOException.class, () -> convert(seconds)).getMessage();
  }

  // The program notes the file that it was given.
  private void assertDeleted() throws IOException {
    List<String> given = Files.readAllLines(folder.resolve("given"));
    assertFalse(given.isEmpty());
    for (String file : given) {
      assertTrue(file.endsWith("original.heic"), file);
      assertFalse(Files.exists(Path.of(file).getParent()), file);
    }
  }

  private String program(String name, String script) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, "#!/bin/sh\necho \"$3\" >> '" + folder + "/given'\n" + script + "\n");
    file.toFile().setExecutable(true);
    return file.toString();
  }
}
