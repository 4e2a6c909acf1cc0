package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeftoversTest {
  private static final KeyMapping NETWORK =
      new TensorTable().addLayer("own", "layer").withPrefix("model.diffusion_model.");
  private static final KeyMapping VAE =
      new TensorTable().addLayer("own", "conv").withPrefix("first_stage_model.");
  private static final String WEIGHT = "model.diffusion_model.layer.weight";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model_ema.diffusion_modellayerweight",
        "model_ema.decay",
        "first_stage_model.loss.logvar",
        "first_stage_model.loss.discriminator.main.0.weight",
        "loss.perceptual_loss.net.slice1.0.weight",
        "alphas_cumprod",
        "sqrt_recipm1_alphas_cumprod",
        "posterior_log_variance_clipped",
        "denoiser.sigmas",
        "cond_stage_model.transformer.text_model.embeddings.position_ids",
        "conditioner.embedders.1.model.logit_scale",
        "text_encoders.t5xxl.logit_scale",
        "text_encoders.t5xxl.transformer.encoder.embed_tokens.weight",
        "text_encoders.t5xxl.spiece_model",
        "cond_stage_model.model.attn_mask",
        "cond_stage_model.model.visual.conv1.weight",
        "vision_model.embeddings.class_embedding",
        "decoder.block.0.layer.1.EncDecAttention.q.weight",
        "model.diffusion_model.norm_final.weight",
        "global_step",
        "v_pred",
        "ztsnr"
      })
  void knowsWhatChangesNoImage(String name) {
    assertTrue(Leftovers.isHarmless(name), name);
    Leftovers left = new Leftovers(file(WEIGHT, name), List.of(NETWORK));
    assertDoesNotThrow(() -> left.requireNone(NETWORK));
    assertEquals(List.of(), left.notices());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "layer.weight_scale_inv",
        "layer2.weight",
        "loss.weight",
        "scale",
        "decoder.up.0.block.0.conv1.weight",
        "encoder.embed.weight"
      })
  void refusesWhatIsUnknownInTheNetwork(String name) {
    String whole = "model.diffusion_model." + name;
    assertFalse(Leftovers.isHarmless(whole));
    assertEquals(
        "a list has tensors that belong to no module of its network (1, e.g. \"" + whole
            + "\"); the model may be of a variant that is not supported, or a program changed the file: use a"
            + " published file of a supported model",
        assertThrows(
                InvalidInputException.class,
                () ->
                    new Leftovers(file(WEIGHT, whole), List.of(NETWORK, VAE)).requireNone(NETWORK))
            .getMessage());
    Leftovers ofAnother = new Leftovers(file(WEIGHT, whole), List.of(NETWORK, VAE));
    assertDoesNotThrow(() -> ofAnother.requireNone(VAE));
  }

  @Test
  void listsWhatIsOutsideOfEveryNetwork() {
    Leftovers left = new Leftovers(
        file(WEIGHT, "embedding_manager.a", "embedding_manager.b"), List.of(NETWORK, VAE));
    assertDoesNotThrow(() -> left.requireNone(NETWORK));
    assertEquals(2, left.count());
    assertEquals(
        List.of("a list has tensors that are not used (2, e.g. \"embedding_manager.a\")"),
        left.notices());
  }

  @Test
  void refusesEveryUnknownTensorOfAFileWithUnscaledEightBits() {
    TensorNames file = typed(Map.of(WEIGHT, DType.F8_E4M3, "scales.7", DType.F32));
    assertEquals(
        "a list has tensors that belong to no module of its network (1, e.g. \"scales.7\"); they may"
            + " be scales of its 8-bit weights: give the model in bf16, f16 or float8, or as GGUF",
        assertThrows(
                InvalidInputException.class,
                () -> new Leftovers(file, List.of(NETWORK, VAE)).requireNone(NETWORK))
            .getMessage());
    assertDoesNotThrow(() -> new Leftovers(file, List.of(NETWORK, VAE)).requireNone(VAE));
  }

  private static TensorNames file(String... names) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (String name : names) {
      shapes.put(name, new long[] {1});
    }
    return new KeyList("a list", shapes);
  }

  private static TensorNames typed(Map<String, DType> types) {
    return new TensorNames() {
      @Override
      public Set<String> names() {
        return types.keySet();
      }

      @Override
      public long[] shape(String name) {
        return new long[] {1};
      }

      @Override
      public DType dtype(String name) {
        return types.get(name);
      }

      @Override
      public String describe() {
        return "a list";
      }
    };
  }
}
