package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.file.KeyFormat;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same difference of one layer of every family under each prefix that programs write: kohya and
 * musubi-tuner, VideoX-Fun (two underscores), OneTrainer, SimpleTuner, LyCORIS, ComfyUI,
 * diffusion-pipe, AI-Toolkit, DiffSynth-Studio, fal, and diffusers.
 */
@ExtendWith(NoTensorLeaks.class)
class KeyPrefixesTest {
  private static final List<String> FLAT = List.of(
      "lora_unet_",
      "lora_unet__",
      "lora_unet___",
      "lora_transformer_",
      "lora_transformer__",
      "lycoris_",
      "lycoris__");
  private static final List<String> DOTTED = List.of(
      "",
      "transformer.",
      "diffusion_model.",
      "model.diffusion_model.",
      "base_model.model.",
      "transformer.base_model.model.",
      "base_model.model.diffusion_model.",
      "diffusion_model.transformer.",
      "dit.",
      "pipe.dit.",
      "base_model.model.dit.");
  private static final List<String> TEXT =
      List.of("lora_te_", "lora_te__", "lora_te1_", "lora_te1__");

  @TempDir
  private Path folder;

  /** The variant, a layer, and its authors' name, or an empty one if it is the same. */
  static Stream<Arguments> layers() {
    return Stream.of(
        arguments(
            "sd3/three", "transformer_blocks.0.attn.to_out.0", "joint_blocks.0.x_block.attn.proj"),
        arguments(
            "flux/dev", "transformer_blocks.0.attn.to_out.0", "double_blocks.0.img_attn.proj"),
        arguments(
            "chroma/base", "transformer_blocks.0.attn.to_out.0", "double_blocks.0.img_attn.proj"),
        arguments(
            "klein/base", "transformer_blocks.0.attn.to_out.0", "double_blocks.0.img_attn.proj"),
        arguments("zimage/turbo", "layers.0.attention.to_out.0", "layers.0.attention.out"));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void changesALayerOfATransformerUnderEveryPrefix(String variant, String layer, String authors) {
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(PipelineFolder.any(variant, folder), Compute.EXACT)) {
      Factors factors = Factors.of(base, ModelComponent.TRANSFORMER, layer, folder);
      Map<String, Tensor> expected = factors.merged("transformer." + layer, ".lora_A", ".lora_B");
      for (String name : List.of(layer, authors)) {
        for (String prefix : FLAT) {
          factors.assertSame(expected, prefix + name.replace('.', '_'), ".lora_down", ".lora_up");
        }
        for (String prefix : DOTTED) {
          factors.assertSame(expected, prefix + name, ".lora_A", ".lora_B");
          factors.assertSame(expected, prefix + name, ".lora_down", ".lora_up");
          factors.assertSame(expected, prefix + name, ".lora_A.default", ".lora_B.default");
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("unets")
  void changesALayerOfAUNetUnderEveryPrefix(String variant, String layer, String authors) {
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(PipelineFolder.any(variant, folder), Compute.EXACT)) {
      Factors factors = Factors.of(base, ModelComponent.UNET, layer, folder);
      Map<String, Tensor> expected = factors.merged("unet." + layer, ".lora_A", ".lora_B");
      for (String name : List.of(layer, authors)) {
        for (String prefix : List.of(
            "lora_unet_", "lora_unet__", "oft_unet_", "lycoris_", "lycoris__", "lycoris_unet_")) {
          factors.assertSame(expected, prefix + name.replace('.', '_'), ".lora_down", ".lora_up");
        }
        for (String prefix :
            List.of("", "unet.", "diffusion_model.", "unet.base_model.model.", "pipe.unet.")) {
          factors.assertSame(expected, prefix + name, ".lora_A", ".lora_B");
        }
      }
    }
  }

  static Stream<Arguments> unets() {
    String layer = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
    String authors = "middle_block.1.transformer_blocks.0.attn1.to_q";
    return Stream.of(
        arguments("sd1/base", layer, authors), arguments("sdxl/xl-base", layer, authors));
  }

  @ParameterizedTest
  @MethodSource("unets")
  void changesALayerOfATextEncoderUnderEveryPrefix(String variant) {
    String layer = "text_model.encoder.layers.0.mlp.fc1";
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(PipelineFolder.any(variant, folder), Compute.EXACT)) {
      Factors factors = Factors.of(base, ModelComponent.TEXT_ENCODER, layer, folder);
      Map<String, Tensor> expected = factors.merged("text_encoder." + layer, ".lora_A", ".lora_B");
      for (String prefix : TEXT) {
        factors.assertSame(expected, prefix + layer.replace('.', '_'), ".lora_down", ".lora_up");
      }
      for (String prefix :
          List.of("clip_l.", "text_encoders.clip_l.transformer.", "pipe.text_encoder.")) {
        factors.assertSame(expected, prefix + layer, ".lora_A", ".lora_B");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("layers")
  void namesTheKeyFormatOfAPrefix(String variant, String layer, String authors) {
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(PipelineFolder.any(variant, folder), Compute.EXACT)) {
      Factors factors = Factors.of(base, ModelComponent.TRANSFORMER, layer, folder);
      String flat = authors.replace('.', '_');
      assertEquals(
          Optional.of(KeyFormat.KOHYA),
          factors.keyFormat("lora_unet__" + flat, ".lora_down", ".lora_up"));
      assertEquals(
          Optional.of(KeyFormat.PEFT),
          factors.keyFormat("pipe.dit." + layer, ".lora_A", ".lora_B"));
      assertEquals(
          Optional.of(KeyFormat.COMFY),
          factors.keyFormat("diffusion_model." + authors, ".lora_A", ".lora_B"));
    }
  }

  /** The factors of a layer of a base, and what they change under a name in the file. */
  private record Factors(BaseModel base, Path file, Tensor down, Tensor up) {
    static Factors of(BaseModel base, ModelComponent component, String path, Path folder) {
      Tensor weight = EngineAccess.model(base).tensor(component, path + ".weight");
      try (NoiseSource noise = NoiseSource.seeded(7L)) {
        return new Factors(
            base,
            folder.resolve("a.safetensors"),
            noise.next(2, weight.size(1)).squeeze(0).mul(new Scalar(0.1)),
            noise.next(weight.size(0), 2).squeeze(0).mul(new Scalar(0.1)));
      }
    }

    private Lora open(String stem, String first, String second) {
      SafetensorsWriter.write(
          file, Map.of(stem + first + ".weight", down, stem + second + ".weight", up), Map.of());
      return Lora.open(file, base);
    }

    Map<String, Tensor> merged(String stem, String first, String second) {
      Map<String, Tensor> copies = new HashMap<>();
      try (Lora lora = open(stem, first, second);
          FusedLora fused = lora.fuse(1)) {
        fused
            .weights(Compute.EXACT)
            .forEach((component, weights) -> weights.forEach(
                (name, value) -> copies.put(component.folder() + "." + name, value.clone())));
      }
      return copies;
    }

    void assertSame(Map<String, Tensor> expected, String stem, String first, String second) {
      assertEquals(1, expected.size());
      Map<String, Tensor> actual = merged(stem, first, second);
      assertEquals(expected.keySet(), actual.keySet(), stem);
      expected.forEach((name, value) -> assertTrue(torch.equal(value, actual.get(name)), stem));
    }

    Optional<KeyFormat> keyFormat(String stem, String first, String second) {
      try (Lora lora = open(stem, first, second)) {
        return lora.inspection().keyFormat();
      }
    }
  }
}
