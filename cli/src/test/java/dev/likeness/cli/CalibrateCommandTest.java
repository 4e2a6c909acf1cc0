package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class CalibrateCommandTest {
  @TempDir
  private Path folder;

  private Path base;

  @BeforeEach
  void writeBase() {
    base = TinyBase.in(folder);
  }

  @Test
  void generateFindsTheCalibrationBesideTheBaseOrAtItsPath() throws IOException {
    assumeTrue(Compute.hasCpuInt8(), "this CPU has no VNNI");
    Path elsewhere = folder.resolve("calibration.safetensors");
    CommandResult measured = calibrate("--out", elsewhere.toString());
    assertEquals(0, measured.status(), measured.err());
    assertTrue(measured.out().startsWith(elsewhere + System.lineSeparator()), measured.out());
    assertTrue(
        measured.out().matches("(?s).*\\b[1-9][0-9]* layers multiply in 8 bits\\R.*"),
        measured.out());
    assertTrue(
        CommandResult.of("inspect", elsewhere.toString())
            .out()
            .matches("(?s).*kind +calibration\\R.*"),
        "inspect names the file");
    byte[] byPath =
        generate("by-path", "--eight-bit-products", "--calibration", elsewhere.toString());
    byte[] uncalibrated = generate("uncalibrated", "--eight-bit-products");
    assertEquals(0, calibrate().status());
    assertTrue(Files.exists(base.resolve("eight-bits.safetensors")));
    assertArrayEquals(byPath, generate("beside", "--eight-bit-products"));
    assertFalse(Arrays.equals(byPath, uncalibrated), "the calibration is used");
    assertFalse(Arrays.equals(byPath, generate("exact")), "only if it is asked for");
  }

  @Test
  void refusesWhatWouldDoNothing() {
    CommandResult exact = CommandResult.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a",
        "--calibration",
        "file",
        "--out",
        folder.resolve("refused").toString());
    assertEquals(2, exact.status());
    assertTrue(
        exact
            .err()
            .contains("--calibration does nothing without --eight-bit-products; give both or"
                + " neither"),
        exact.err());
    CommandResult embedded = CommandResult.of("calibrate");
    assertEquals(2, embedded.status());
    assertTrue(
        embedded
            .err()
            .contains("the embedded base has no folder for a calibration; give --out FILE, and"
                + " generate --calibration FILE"),
        embedded.err());
  }

  private CommandResult calibrate(String... more) {
    return CommandResult.of(concat(
        new String[] {
          "calibrate",
          "--base",
          base.toString(),
          "--dtype",
          "f32",
          "--steps",
          "2",
          "--prompt",
          "a cat",
          "--width",
          "32",
          "--height",
          "32"
        },
        more));
  }

  private byte[] generate(String out, String... more) throws IOException {
    CommandResult made = CommandResult.of(concat(
        new String[] {
          "generate",
          "--base",
          base.toString(),
          "--dtype",
          "f32",
          "--steps",
          "2",
          "--prompt",
          "a cat",
          "--seed",
          "1",
          "--width",
          "32",
          "--height",
          "32",
          "--tensors",
          folder.resolve(out + ".safetensors").toString(),
          "--out",
          folder.resolve(out).toString()
        },
        more));
    assertEquals(0, made.status(), made.err());
    return Files.readAllBytes(folder.resolve(out + ".safetensors"));
  }

  private static String[] concat(String[] first, String[] second) {
    String[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
