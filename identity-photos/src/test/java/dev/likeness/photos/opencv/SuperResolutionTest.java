package dev.likeness.photos.opencv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.image.Picture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network that repeats each pixel four times: what it makes of a picture is known to the byte. */
class SuperResolutionTest {
  private static final int SIDE = 32;

  @TempDir
  private static Path folder;
  private static Path file;

  @BeforeAll
  static void write() throws IOException {
    file = Files.write(folder.resolve("twice.onnx"), Onnx.twice(SIDE, 12));
  }

  @Test
  void enlargesPicturesOfAnySizeInTilesThatDoNotShow() {
    Picture picture = noise(75, 33);
    try (SuperResolution network = SuperResolution.open(file)) {
      assertEquals(2, network.factor());
      assertEquals(repeated(picture), network.enlarge(picture));
      assertEquals("200x90 picture", network.enlarge(picture, 200, 90).toString());
      assertEquals(picture, network.enlarge(picture, 75, 33));
    }
  }

  @Test
  void refusesOtherNetworks() throws IOException {
    Path same = Files.write(folder.resolve("same.onnx"), Onnx.twice(SIDE, 3));
    assertTrue(assertThrows(UnusableInput.class, () -> SuperResolution.open(same)).getMessage()
        .endsWith("expected a picture 2 to 8 times as large"));
    Path text = Files.writeString(folder.resolve("text.onnx"), "hello");
    assertEquals("the super-resolution network " + text + " is not an ONNX file; give one",
        assertThrows(UnusableInput.class, () -> SuperResolution.open(text)).getMessage());
  }

  private static Picture noise(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    new Random(3).nextBytes(rgb);
    return Picture.of(width, height, rgb);
  }

  private static Picture repeated(Picture picture) {
    int width = 2 * picture.width();
    byte[] rgb = new byte[width * 2 * picture.height() * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) picture.at(i / 3 % width / 2, i / 3 / width / 2, i % 3);
    }
    return Picture.of(width, 2 * picture.height(), rgb);
  }

  /** As much of onnx.proto as it takes; messages are fields, each a number and bytes or a varint. */
  private static final class Onnx {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** A convolution that repeats the three channels to {@code channels}, which DepthToSpace lays out where there are 12. */
    static byte[] twice(int side, int channels) {
      ByteBuffer weights = ByteBuffer.allocate(channels * 3 * 4).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < channels * 3; i++) {
        weights.putFloat(i % 3 == i / 3 * 3 / channels ? 1 : 0);
      }
      Onnx kernel = new Onnx().number(1, channels).number(1, 3).number(1, 1).number(1, 1).number(2, 1).text(8, "w")
          .bytes(9, weights.array());
      Onnx conv = new Onnx().text(1, "x").text(1, "w").text(2, channels == 12 ? "wide" : "y").text(4, "Conv");
      Onnx lay = new Onnx().text(1, "wide").text(2, "y").text(4, "DepthToSpace")
          .message(5, new Onnx().text(1, "blocksize").number(3, 2).number(20, 2))
          .message(5, new Onnx().text(1, "mode").text(4, "CRD").number(20, 3));
      Onnx graph = new Onnx().message(1, conv);
      graph = (channels == 12 ? graph.message(1, lay) : graph).text(2, "twice").message(5, kernel)
          .message(11, value("x", 3, side)).message(12, value("y", 3, channels == 12 ? 2 * side : side));
      return new Onnx().number(1, 8).message(7, graph).message(8, new Onnx().text(1, "").number(2, 13)).out.toByteArray();
    }

    private static Onnx value(String name, int channels, int side) {
      Onnx shape = new Onnx();
      for (int size : new int[] {1, channels, side, side}) {
        shape.message(1, new Onnx().number(1, size));
      }
      return new Onnx().text(1, name)
          .message(2, new Onnx().message(1, new Onnx().number(1, 1).message(2, shape)));
    }

    private Onnx text(int field, String text) {
      return bytes(field, text.getBytes(StandardCharsets.UTF_8));
    }

    private Onnx message(int field, Onnx message) {
      return bytes(field, message.out.toByteArray());
    }

    private Onnx bytes(int field, byte[] bytes) {
      varint(field << 3 | 2);
      varint(bytes.length);
      out.writeBytes(bytes);
      return this;
    }

    private Onnx number(int field, long value) {
      varint(field << 3);
      varint(value);
      return this;
    }

    private void varint(long value) {
      for (long rest = value; ; rest >>>= 7) {
        if (rest < 128) {
          out.write((int) rest);
          return;
        }
        out.write((int) (rest & 127 | 128));
      }
    }
  }
}
