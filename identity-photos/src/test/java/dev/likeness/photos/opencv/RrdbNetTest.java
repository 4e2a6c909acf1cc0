package dev.likeness.photos.opencv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.SeededWeights;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.internal.upscale.RrdbNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Narrow networks of {@code tools/goldens/rrdbnet.py}, compared with spandrel's class. */
class RrdbNetTest {
  private static final int SIDE = 6;

  @TempDir
  private Path folder;

  private static Map<String, Object> golden() throws IOException {
    return JSON.std.mapFrom(
        Files.readAllBytes(GoldenResource.file("/golden/rrdbnet/reference.json")));
  }

  private static Map<?, ?> network(Map<String, Object> golden, String name) {
    return (Map<?, ?>) ((Map<?, ?>) golden.get("networks")).get(name);
  }

  private Path write(String network, String prefix) throws IOException {
    Map<String, Object> golden = golden();
    Path file = folder.resolve("weights.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> named = new LinkedHashMap<>();
      SeededWeights.of(
              GoldenFolder.shapes((Map<?, ?>) network(golden, network).get("tensors")),
              ((Number) golden.get("seed")).longValue())
          .forEach((name, tensor) -> named.put(prefix + name, tensor));
      SafetensorsWriter.write(file, named, Map.of());
    }
    return file;
  }

  private static RgbImage image() throws IOException {
    List<?> bytes = (List<?>) golden().get("image");
    byte[] rgb = new byte[bytes.size()];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) ((Number) bytes.get(i)).intValue();
    }
    return RgbImage.of(SIDE, SIDE, rgb);
  }

  @ParameterizedTest
  @CsvSource({"four-times,''", "twice,''", "four-times,params_ema."})
  void enlargesAsSpandrel(String name, String prefix) throws IOException {
    Map<?, ?> expected = network(golden(), name);
    try (RrdbNet network = RrdbNet.open(write(name, prefix))) {
      assertEquals(((Number) expected.get("factor")).intValue(), network.factor());
      float[] actual = network.forward(image());
      List<?> values = (List<?>) expected.get("values");
      assertEquals(values.size(), actual.length);
      for (int i = 0; i < actual.length; i++) {
        // Values are about 1; convolutions add up to 136 x 9 products in another order.
        assertEquals(((Number) values.get(i)).doubleValue(), actual[i], 1e-5, name + " " + i);
      }
    }
  }

  @Test
  void upscalesImagesOfAnySize() throws IOException {
    try (SuperResolution network = SuperResolution.open(write("four-times", ""))) {
      assertEquals(4, network.factor());
      assertEquals(
          "36x20 image", network.upscale(RgbImage.of(9, 5, new byte[135])).toString());
      network.close();
      IllegalStateException closed =
          assertThrows(IllegalStateException.class, () -> network.upscale(image()));
      assertEquals("the super-resolution network is closed; open it again", closed.getMessage());
    }
  }

  @Test
  void refusesOtherFiles() throws IOException {
    Path other = folder.resolve("other.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          other, SeededWeights.of(Map.of("a.weight", new long[] {2, 2}), 1), Map.of());
    }
    assertEquals(
        "the super-resolution network " + other + " has no tensor \"conv_first.weight\" and is no"
            + " RRDBNet; give a file such as RealESRGAN_x4plus.pth, or an ONNX file",
        assertThrows(InvalidInputException.class, () -> SuperResolution.open(other))
            .getMessage());
    Path lacking = folder.resolve("lacking.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Object> golden = golden();
      Map<String, long[]> shapes = new LinkedHashMap<>(
          GoldenFolder.shapes((Map<?, ?>) network(golden, "four-times").get("tensors")));
      shapes.remove("body.1.rdb2.conv3.bias");
      SafetensorsWriter.write(lacking, SeededWeights.of(shapes, 1), Map.of());
    }
    String message = assertThrows(InvalidInputException.class, () -> SuperResolution.open(lacking))
        .getMessage();
    assertTrue(message.contains("body.1.rdb2.conv3.bias"), message);
  }
}
