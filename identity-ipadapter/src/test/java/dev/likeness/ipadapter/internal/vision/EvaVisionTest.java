package dev.likeness.ipadapter.internal.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A tower that {@code tools/goldens/eva_tower.py} ran by PuLID's published class. */
@ExtendWith(NoTensorLeaks.class)
class EvaVisionTest {
  private static final float[] MEAN = {0.48145466f, 0.4578275f, 0.40821073f};
  private static final float[] STD = {0.26862954f, 0.26130258f, 0.27577711f};

  @TempDir
  private Path folder;

  private Path write(Consumer<Map<String, Tensor>> change) {
    return GoldenNetwork.write(
        GoldenNetwork.json("eva/reference.json"), folder.resolve("eva.safetensors"), change);
  }

  private void assertEncodesAsPublished(Path file) {
    try (TensorScope scope = TensorScope.open();
        LoadedEvaEncoder encoder = LoadedEvaEncoder.open(file, Compute.EXACT);
        Safetensors golden = GoldenNetwork.tensors("eva/reference.safetensors")) {
      Tensor normalised = golden.read("pixels");
      Tensor unit = normalised
          .mul(torch.tensor(STD).view(1, 3, 1, 1))
          .add(torch.tensor(MEAN).view(1, 3, 1, 1));
      EvaVisionModel.EvaEncoding encoding = encoder.encode(unit);
      // f32 on another processor; the issue of the tower asks for 1e-4.
      Closeness.assertWithinSpread(1e-4, golden.read("pooled"), encoding.pooled(), "pooled");
      assertEquals(5, encoding.hidden().size());
      for (int i = 0; i < 5; i++) {
        Closeness.assertWithinSpread(
            1e-4, golden.read("hidden." + i), encoding.hidden().get(i), "hidden " + i);
      }
    }
  }

  @Test
  void encodesAsThePublishedTower() {
    try (TensorScope scope = TensorScope.open()) {
      assertEncodesAsPublished(write(tensors -> {}));
    }
  }

  private static void rename(Map<String, Tensor> tensors, UnaryOperator<String> change) {
    Map<String, Tensor> before = new LinkedHashMap<>(tensors);
    tensors.clear();
    before.forEach((name, tensor) -> tensors.put(change.apply(name), tensor));
  }

  @Test
  void readsTheTowerOutOfAWholeClipAndOutOfWrappers() {
    try (TensorScope scope = TensorScope.open()) {
      assertEncodesAsPublished(write(tensors -> {
        rename(tensors, name -> "visual." + name);
        tensors.put("text.positional_embedding", torch.ones(77, 8));
        tensors.put("logit_scale", torch.ones(1));
      }));
      assertEncodesAsPublished(write(tensors -> rename(tensors, name -> "module.visual." + name)));
      assertEncodesAsPublished(write(tensors -> rename(tensors, name -> "state_dict." + name)));
    }
  }

  /** Published files have the tables of rotary positions, once and again in every block. */
  @Test
  void usesTheRotaryTablesOfAFile() {
    try (TensorScope scope = TensorScope.open()) {
      Path plain = write(tensors -> {});
      Tensor own = pooled(plain);
      Consumer<Map<String, Tensor>> unturned = tensors -> {
        tensors.put("rope.freqs_cos", torch.ones(9, 64));
        tensors.put("rope.freqs_sin", torch.zeros(9, 64));
      };
      Tensor shared = pooled(write(unturned));
      Tensor each = pooled(write(tensors -> {
        for (int i = 0; i < 22; i++) {
          tensors.put("blocks." + i + ".attn.rope.freqs_cos", torch.ones(9, 64));
          tensors.put("blocks." + i + ".attn.rope.freqs_sin", torch.zeros(9, 64));
        }
      }));
      Closeness.assertWithin(0, shared, each, "tables of each block");
      double apart = shared.sub(own).abs().max().item_double();
      assertTrue(apart > 1e-3, "without rotation: " + apart);
    }
  }

  private static Tensor pooled(Path file) {
    try (TensorScope scope = TensorScope.open();
        LoadedEvaEncoder encoder = LoadedEvaEncoder.open(file, Compute.EXACT)) {
      Tensor unit =
          torch.linspace(new Scalar(0.0), new Scalar(1.0), 3L * 42 * 42).view(1, 3, 42, 42);
      return scope.promote(encoder.encode(unit).pooled().clone());
    }
  }

  @Test
  void mapsEveryKeyOfThePublishedTower() {
    KeyList keys = GoldenNetwork.published("eva02-clip-l-14-336");
    EvaVisionConfig config = EvaVisionConfig.of(keys);
    assertEquals(new EvaVisionConfig(1024, 2730, 24, 16, 336, 14, 768), config);
    for (UnaryOperator<String> spelling :
        List.<UnaryOperator<String>>of(n -> n, n -> "visual." + n)) {
      TensorSource file = LoadedEvaEncoder.canonical(RenamedSource.of(keys, spelling));
      try (LoadedWeights weights = new LoadedWeights(file, Compute.EXACT)) {
        weights.check(tensors -> new EvaVisionModel(config, tensors), Set.of());
      }
    }
  }

  private void assertRefused(String message, Consumer<Map<String, Tensor>> change) {
    try (TensorScope scope = TensorScope.open()) {
      Path file = write(change);
      InvalidInputException e = assertThrows(
          InvalidInputException.class, () -> LoadedEvaEncoder.open(file, Compute.EXACT));
      assertEquals(file + message, e.getMessage());
    }
  }

  @Test
  void namesWhatIsMissingAndWhatIsLeft() {
    assertRefused(
        ": no tensor \"blocks.7.attn.q_bias\"; closest: blocks.7.attn.v_bias; the model"
            + " may be of a variant that is not supported, or the file and its config of different"
            + " models: use both files of one published model",
        tensors -> tensors.remove("blocks.7.attn.q_bias"));
    assertRefused(
        " has tensors that belong to no module of its config (1, e.g. \"blocks.3.gamma_1\"); the"
            + " file and the config are of different models: use both files of one model",
        tensors -> tensors.put("blocks.3.gamma_1", torch.ones(128)));
    assertRefused(
        ": \"blocks.0.mlp.ffn_ln.weight\" has shape [340], expected [341] by its config; the file"
            + " and the config are of different models: use both files of one model",
        tensors -> tensors.put("blocks.0.mlp.ffn_ln.weight", torch.ones(340)));
    assertRefused(
        ": the EVA02-CLIP vision tower has no usable tensor \"patch_embed.proj.weight\"; the file may"
            + " be of a kind that is not supported, or incomplete: give another file, or download it again",
        tensors -> tensors.remove("patch_embed.proj.weight"));
    assertRefused(
        ": an EVA02-CLIP vision tower needs a width that is a multiple of 64, more than 20 layers"
            + " and images of at least one patch; got width 128, feed-forward width 341, number"
            + " of layers 4, patch size 14, image size 42 and projection 24; give the tower that"
            + " PuLID uses, EVA02-CLIP-L-14-336",
        tensors -> tensors.keySet().removeIf(name -> name.startsWith("blocks.4.")));
  }
}
