package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.vision.ImageProcessor;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import dev.likeness.ipadapter.internal.vision.VisionModel;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class VisionParityTest {
  static List<Map<?, ?>> processors() {
    return GoldenImageEncoder.list("pixels");
  }

  @ParameterizedTest
  @MethodSource("processors")
  @SuppressWarnings("unchecked")
  void preprocessesAsTransformersToTheBit(Map<?, ?> golden) {
    Map<String, Object> config = (Map<String, Object>) golden.get("processor");
    boolean siglip = config.get("image_processor_type").toString().startsWith("Siglip");
    ImageProcessor usual = siglip ? ImageProcessor.siglip(224) : ImageProcessor.clip(224);
    ImageProcessor processor =
        ImageProcessor.of(ModelConfig.of(config, "preprocessor_config.json"), usual);
    ((Map<?, ?>) golden.get("pictures")).forEach((name, digest) -> {
      try (TensorScope scope = TensorScope.open()) {
        RgbImage image = RgbImage.read(GoldenImageEncoder.file((String) name));
        assertEquals(
            digest, digest(ImageTensors.floats(processor.preprocess(image))), config + " " + name);
      }
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"clip-quick", "clip-gelu", "clip-odd", "siglip"})
  void encodesAsTransformers(String name, @TempDir Path parent) {
    Path folder = GoldenImageEncoder.write(name, parent);
    try (TensorScope scope = TensorScope.open();
        LoadedImageEncoder encoder = LoadedImageEncoder.open(folder, Compute.EXACT);
        Safetensors expected = Safetensors.open(GoldenImageEncoder.file("reference.safetensors"))) {
      for (String file : List.of("37x53.png", "301x200.png", "40x260.png", "28x28.png")) {
        compare(
            name + "." + file,
            expected,
            encoder.encode(RgbImage.read(GoldenImageEncoder.file(file))));
      }
      compare(name + ".nothing", expected, encoder.encodeZeros());
    }
  }

  private static void compare(String what, Safetensors expected, VisionModel.ImageEncoding actual) {
    Closeness.assertWithinSpread(
        1e-5, expected.read(what + ".pooled"), actual.pooled(), what + " pooled");
    Closeness.assertWithinSpread(
        1e-5, expected.read(what + ".penultimate"), actual.penultimate(), what + " penultimate");
  }

  /** transformers' {@code vision_use_head}: tokens are all that some adapters look at. */
  @Test
  void readsASigLipWithoutItsPoolingHead(@TempDir Path parent) throws IOException {
    Path folder = GoldenImageEncoder.write("siglip", parent);
    Path config = folder.resolve("config.json");
    Path file = folder.resolve("model.safetensors");
    Files.writeString(
        config,
        Files.readString(config)
            .replaceFirst("\"vision_use_head\"\\s*:\\s*true", "\"vision_use_head\":false"));
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tokens = new HashMap<>();
      try (Safetensors all = Safetensors.open(file)) {
        all.names().stream()
            .filter(name -> !name.contains("head."))
            .forEach(name -> tokens.put(name, all.read(name).clone()));
      }
      SafetensorsWriter.write(file, tokens, Map.of());
    }
    try (TensorScope scope = TensorScope.open();
        LoadedImageEncoder encoder = LoadedImageEncoder.open(folder, Compute.EXACT);
        Safetensors expected = Safetensors.open(GoldenImageEncoder.file("reference.safetensors"))) {
      VisionModel.ImageEncoding actual =
          encoder.encode(RgbImage.read(GoldenImageEncoder.file("37x53.png")));
      assertNull(actual.pooled());
      Closeness.assertWithinSpread(
          1e-5, expected.read("siglip.37x53.png.penultimate"), actual.penultimate(), "penultimate");
    }
  }

  @Test
  void refusesAProcessorOfAnotherImageSize(@TempDir Path parent) throws IOException {
    Path folder = GoldenImageEncoder.write("clip-quick", parent);
    Path own = folder.resolve("preprocessor_config.json");
    Files.writeString(own, "{\"size\": 56, \"crop_size\": 56}");
    assertEquals(
        own
            + " prepares images of 56x56, but the encoder needs 28x28 (config.json); give the files of one encoder",
        assertThrows(
                InvalidInputException.class, () -> LoadedImageEncoder.open(folder, Compute.EXACT))
            .getMessage());
    Files.writeString(own, "{\"do_center_crop\": false}");
    assertEquals(
        own
            + " prepares images of any size, but the encoder needs 28x28 (config.json); give the files of one encoder",
        assertThrows(
                InvalidInputException.class, () -> LoadedImageEncoder.open(folder, Compute.EXACT))
            .getMessage());
    Files.writeString(
        own, "{\"size\": {\"height\": 30, \"width\": 30}, \"do_center_crop\": false}");
    LoadedImageEncoder.open(folder, Compute.EXACT).close();
  }

  @Test
  void opensAFileByTheConfigBesideIt(@TempDir Path parent) throws IOException {
    Path file = GoldenImageEncoder.write("clip-quick", parent).resolve("model.safetensors");
    LoadedImageEncoder.open(file, Compute.EXACT).close();
    Files.delete(file.resolveSibling("config.json"));
    assertEquals(
        file
            + " is a CLIP image encoder of width 48, whose heads and activation are unknown; put"
            + " the encoder's config.json beside the file",
        assertThrows(
                InvalidInputException.class, () -> LoadedImageEncoder.open(file, Compute.EXACT))
            .getMessage());
  }

  @Test
  void refusesAFolderThatIsNoImageEncoder(@TempDir Path folder) throws IOException {
    for (String type : List.of("dinov2", "clip_text_model", "siglip2", "clipseg")) {
      Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"" + type + "\"}");
      InvalidInputException e = assertThrows(
          InvalidInputException.class, () -> LoadedImageEncoder.open(folder, Compute.EXACT));
      assertEquals(
          folder.resolve("config.json") + ": model_type is \"" + type
              + "\", expected clip_vision_model or siglip_vision_model; give a CLIP or SigLIP image"
              + " encoder",
          e.getMessage());
    }
  }

  @Test
  void namesTheEncodersOfThePublishedAdapters() {
    VisionConfig huge = VisionConfig.of(ModelConfig.of(
        Map.of(
            "model_type",
            "clip_vision_model",
            "hidden_size",
            1280,
            "num_attention_heads",
            16,
            "patch_size",
            14,
            "projection_dim",
            1024,
            "architectures",
            List.of("CLIPVisionModelWithProjection")),
        "config.json"));
    assertEquals("CLIP ViT-H/14 (width 1280, projection 1024)", huge.describe());
    assertEquals(257, huge.tokens());
  }

  private static String digest(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
