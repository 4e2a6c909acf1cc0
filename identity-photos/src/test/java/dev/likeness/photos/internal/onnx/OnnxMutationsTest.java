package dev.likeness.photos.internal.onnx;

import static dev.likeness.photos.internal.onnx.Proto.ints;
import static dev.likeness.photos.internal.onnx.Proto.node;
import static dev.likeness.photos.internal.onnx.Proto.number;
import static dev.likeness.photos.internal.onnx.Proto.reals;
import static dev.likeness.photos.internal.onnx.Proto.whole;
import static dev.likeness.photos.internal.onnx.Proto.word;
import static dev.likeness.photos.internal.onnx.Proto.zeros;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.fuzz.ForkedFuzz;
import dev.likeness.photos.internal.opencv.OpenCvNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Changed ONNX files are refused or opened. OpenCV would end the process on a file that should have
 * been refused, so other processes open them.
 */
class OnnxMutationsTest {
  private static final int SIDE = 112;

  @Test
  void threeHundredChangedNetworks() throws IOException, InterruptedException {
    ForkedFuzz.run(Networks.class, 0, 300, 0.1, 0.1);
  }

  @Test
  @Tag("slow")
  void tenThousandChangedNetworks() throws IOException, InterruptedException {
    ForkedFuzz.run(Networks.class, 300, 10_300, 0.1, 0.1);
  }

  /** A changed network, for each seed. */
  static final class Networks implements ForkedFuzz.Cases {
    private List<byte[]> whole;
    private Path file;

    @Override
    public void open(Path folder) throws IOException {
      file = folder.resolve("network.onnx");
      whole = networks();
      for (byte[] network : whole) {
        Files.write(file, network);
        OnnxFile.read(file, "the network").outputs(SIDE, OnnxFile.FACE_WORK);
      }
    }

    @Override
    public boolean used(int seed) throws IOException {
      Random random = ForkedFuzz.random(seed);
      byte[] changed = whole.get(seed % whole.size()).clone();
      for (int left = 1 + random.nextInt(3); left > 0; left--) {
        changed[random.nextInt(changed.length)] =
            (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextInt(9));
      }
      Files.write(file, changed);
      try {
        OpenCvNetwork.open(OnnxFile.read(file, "the network"), SIDE, OnnxFile.FACE_WORK)
            .close();
        return true;
      } catch (InvalidInputException typed) {
        assertEquals(1, typed.getMessage().lines().count(), typed.getMessage());
        return false;
      }
    }
  }

  private static List<byte[]> networks() {
    return List.of(
      Proto.file(
          SIDE,
          zeros("w", 4, 3, 3, 3),
          reals("c", 1, 1, 1, 1),
          zeros("p", 4, 1, 1),
          zeros("m", 2, 4),
          node(
              "Conv",
              "x w c",
              "a",
              ints("strides", 16, 16),
              ints("pads", 1, 1, 1, 1),
              ints("dilations", 1, 1),
              number("group", 1)),
          node("BatchNormalization", "a c c c c", "b"),
          node("PRelu", "b p", "d"),
          node(
              "MaxPool",
              "d",
              "e",
              ints("kernel_shape", 3, 3),
              ints("strides", 3, 3),
              ints("pads", 0, 0, 1, 1),
              number("ceil_mode", 0)),
          node("AveragePool", "e", "f", ints("kernel_shape", 2, 2)),
          node("Flatten", "f", "g", number("axis", 1)),
          node("Gemm", "g m", "y", number("transB", 1))),
      Proto.file(
          SIDE,
          zeros("w", 3, 4, 2, 2),
          node("ConvTranspose", "x w", "a", ints("strides", 2, 2), ints("output_padding", 0, 0)),
          node("DepthToSpace", "a", "b", number("blocksize", 2)),
          node("Transpose", "b", "d", ints("perm", 0, 2, 3, 1)),
          node("Softmax", "d", "e", number("axis", 3)),
          node("ReduceMean", "e", "y", ints("axes", 1, 2))),
      Proto.file(
          SIDE,
          whole("s", 1, 2),
          whole("b", 10),
          whole("t", 90),
          whole("k", 2),
          reals("v", 0.5f),
          node("Split", "x s", "a q", number("axis", 1)),
          node("Concat", "q a", "d", number("axis", 1)),
          node("Slice", "d b t k k", "e"),
          node("Clip", "e v", "f"),
          node("Mul", "f v", "g"),
          node("Unsqueeze", "g k", "h"),
          node("Squeeze", "h k", "y")),
      Proto.file(
          SIDE,
          node("Conv", "x w", "y", ints("kernel_shape", 3, 3)),
          zeros("w", 8, 3, 3, 3)),
      Proto.file(
          SIDE,
          node("Shape", "x", "s"),
          whole("i", 0),
          node("Gather", "s i", "n"),
          whole("r", -1),
          node("Concat", "n r", "d", number("axis", 0)),
          node("Reshape", "x d", "y")),
      Proto.file(SIDE, whole("s", 0, 0, 1, 1, 0, 0, 1, 1), node("Pad", "x s", "y")),
      Proto.file(SIDE, reals("s", 1, 1, 2, 2), node("Resize", "x  s", "y", word("mode", "nearest"))));
  }
}
