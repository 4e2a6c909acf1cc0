package dev.likeness.diffusion.internal.family.stablediffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenReference;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.SizeConditioning;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class PromptConditioningParityTest {
  @TempDir
  private Path parent;

  @ParameterizedTest
  @ValueSource(
      strings = {"xl-base", "xl-words-for-nothing", "xl-means", "xl-inpainting", "xl-refiner"})
  void conditionsTheUNetAsDiffusersDoes(String variant) {
    GoldenFolder folder = GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, parent);
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        GoldenReference expected = folder.reference();
        BaseModel base = BaseModel.open(folder.path(), Compute.EXACT)) {
      for (int i = 0; i < 4; i++) {
        for (String negative : new String[] {null, "blurry!"}) {
          compare(base, expected, i, negative);
        }
      }
    }
  }

  private static void compare(BaseModel base, GoldenReference expected, int i, String negative) {
    String what = (negative == null ? "text.none." : "text.words.") + "negative";
    ImageRequest plain = ImageRequest.of(expected.prompts().get(i)).size(64, 32);
    UNetConditioning told =
        unetConditioning(base, negative == null ? plain : plain.negative(negative));
    Closeness.assertWithin(
        1e-5, expected.tensor("text.tokens").select(0, i), told.context().select(0, 1), "tokens");
    Closeness.assertWithin(
        1e-5, expected.tensor("text.pooled").select(0, i), told.pooled().select(0, 1), "pooled");
    Closeness.assertWithin(
        1e-5, expected.tensor(what).select(0, 0), told.context().select(0, 0), what);
    Closeness.assertWithin(
        1e-5, expected.tensor(what + "_pooled").select(0, 0), told.pooled().select(0, 0), what);
  }

  private static UNetConditioning unetConditioning(BaseModel base, ImageRequest request) {
    Conditioning texts = new PromptConditioning(
            EngineAccess.model(base).networks(StableDiffusionNetworks.class),
            request,
            part -> Adaptation.NONE)
        .conditioning(true, false, PromptSchedule.of(1));
    return UNetPredictor.concat(Stream.of(true, false)
        .map(negativePrompt -> PromptConditioning.unetConditioning(
            EngineAccess.model(base).networks(StableDiffusionNetworks.class),
            request,
            texts.at(0, negativePrompt),
            negativePrompt))
        .toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"xl-base", "xl-words-for-nothing"})
  void padsTheShorterPromptWithEmptyChunksWhereBothAreBatched(String variant) {
    Path folder =
        GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, parent).path();
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      ImageRequest request =
          ImageRequest.of("one BREAK [two:two BREAK three:2]").syntax(PromptSyntax.A1111);
      PromptConditioning conditioner = new PromptConditioning(
          EngineAccess.model(base).networks(StableDiffusionNetworks.class),
          request,
          part -> Adaptation.NONE);
      Conditioning apart = conditioner.conditioning(true, false, PromptSchedule.of(4));
      Conditioning filled = conditioner.conditioning(true, true, PromptSchedule.of(4));
      assertEquals(
          List.of(231L, 231L),
          Stream.of(apart.at(0, false), filled.at(0, true))
              .map(text -> text.tokens().size(1))
              .toList());
      assertSame(filled.at(0, true), filled.at(2, true));
      Tensor nothing = apart.at(0, true).tokens();
      Tensor words = new PromptConditioning(
              EngineAccess.model(base).networks(StableDiffusionNetworks.class),
              request.prompt(""),
              part -> Adaptation.NONE)
          .conditioning(false, false, PromptSchedule.of(1))
          .at(0, false)
          .tokens();
      Closeness.assertWithin(
          1e-5, nothing, filled.at(3, true).tokens().narrow(1, 0, 77), "the negative prompt");
      Closeness.assertWithin(
          1e-5,
          variant.equals("xl-base") ? nothing : words,
          filled.at(3, true).tokens().narrow(1, 154, 77),
          "what fills it up");
      Closeness.assertWithin(
          1e-5, apart.at(3, false).tokens(), filled.at(3, false).tokens(), "the prompt");
      Conditioning late = new PromptConditioning(
              EngineAccess.model(base).networks(StableDiffusionNetworks.class),
              request.negative("[two:2]"),
              part -> Adaptation.NONE)
          .conditioning(true, false, PromptSchedule.of(4));
      Closeness.assertWithin(
          1e-5, words, late.at(0, true).tokens(), "nothing yet, which is no zeros");
    }
  }

  /** SDXL's second tokenizer takes each "!" for a token of its own. */
  @Test
  void givesAllTextEncodersAsManyChunksAsOneNeeds() {
    Path folder =
        GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      ImageRequest request = ImageRequest.of("!".repeat(80)).syntax(PromptSyntax.A1111);
      Conditioning texts = new PromptConditioning(
              EngineAccess.model(base).networks(StableDiffusionNetworks.class),
              request,
              part -> Adaptation.NONE)
          .conditioning(true, true, PromptSchedule.of(1));
      assertEquals(154, texts.at(0, false).tokens().size(1));
    }
  }

  @Test
  void conditionsTheBaseOnSizesAndTheRefinerOnAScore() {
    Path xl =
        GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    Path refiner =
        GoldenFolder.write("xl-refiner", GoldenFolder.KeyFormat.CURRENT, parent).path();
    ImageRequest request = ImageRequest.of("a man")
        .size(64, 32)
        .sizeConditioning(SizeConditioning.DEFAULT.cropTopLeft(4, 8));
    assertArrayEquals(new float[] {32, 64, 8, 4, 32, 64, 32, 64, 8, 4, 32, 64}, sizes(xl, request));
    assertArrayEquals(new float[] {32, 64, 0, 0, 2.5f, 32, 64, 8, 4, 6}, sizes(refiner, request));
  }

  private static float[] sizes(Path folder, ImageRequest request) {
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      return ImageTensors.floats(unetConditioning(base, request).timeIds());
    }
  }

  @Test
  void conditionsTheFirstFamiliesOnNoSizes() {
    Path sd1 =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        BaseModel base = BaseModel.open(sd1, Compute.EXACT)) {
      UNetConditioning told = unetConditioning(base, ImageRequest.of("a man").size(64, 32));
      assertNull(told.pooled());
      assertNull(told.timeIds());
      assertEquals(2, told.context().size(0));
    }
  }
}
