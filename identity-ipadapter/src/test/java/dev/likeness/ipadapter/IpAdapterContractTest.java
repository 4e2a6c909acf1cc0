package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ClosedWhileGenerating;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterContract;
import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.adapter.Generation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.ipadapter.reference.EmbeddingOrigin;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings.Grid;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IpAdapterContractTest implements AdapterContract {
  private static Path folder;
  private static BaseModel base;
  private static ImageEncoder encoder;
  private static IpAdapter plain;
  private static IpAdapter face;
  private static ImagePrompt plainPrompt;
  private static ImagePrompt facePrompt;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    folder = parent;
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
    encoder = ImageEncoder.open(GoldenImageEncoder.write("clip-quick", parent), Compute.EXACT);
    plain = IpAdapter.open(GoldenAdapters.of("base").write("base", parent), base, encoder);
    face = IpAdapter.open(GoldenAdapters.of("base").write("faceid", parent), base);
    plainPrompt = plain.prompt(image("37x53.png"));
    facePrompt = face.prompt(List.of(Reference.face(numbers())));
  }

  @AfterAll
  static void closesTheBase() {
    plain.close();
    face.close();
    encoder.close();
    base.close();
  }

  @Override
  public BaseModel base() {
    return base;
  }

  @Override
  public Adapter adapter(int which, double weight) {
    return (which == 0 ? facePrompt : plainPrompt).at(weight);
  }

  @Test
  void isTheBaseBitForBitInStepsOutsideItsShare() {
    List<Latents> plainly = steps(request());
    List<Latents> late = steps(request().adapter(plainPrompt.between(0.5, 1).at(1)));
    assertEquals(plainly.get(0), late.get(0), "the first of two steps is outside");
    assertNotEquals(plainly.get(1), late.get(1), "the second is not");
    List<Latents> always = steps(request().adapter(plainPrompt.at(1)));
    assertNotEquals(plainly.get(0), always.get(0));
    assertEquals(
        always.get(0),
        steps(request().adapter(plainPrompt.between(0, 0.5).at(1))).get(0),
        "the first of two steps is inside");
  }

  @Test
  void isTheBaseBitForBitInBlocksOfNoWeight() {
    assertArrayEquals(
        generate(request()),
        generate(request()
            .adapter(plainPrompt
                .blockWeights(BlockWeights.of(Map.of("mid_block", 0.0)))
                .at(1))));
  }

  /** The latents after each step. */
  private static List<Latents> steps(ImageRequest request) {
    List<Latents> heard = new ArrayList<>();
    StepListener listener = (step, of, x, denoised) -> heard.add(Latents.of(x));
    base.generate(request.scheduler("DDIM").hooks(EngineHooks.ofListener(listener)));
    return heard;
  }

  @Test
  void worksWithPromptsOfDifferentLengths() {
    ImageRequest request = request()
        .guidance(3)
        .syntax(PromptSyntax.A1111)
        .prompt("a (cat:1.2), " + "on a table ".repeat(60));
    assertFalse(Arrays.equals(generate(request), generate(request.adapter(plainPrompt.at(1)))));
    assertFalse(Arrays.equals(
        generate(request),
        generate(request.negative("blurry BREAK bad ".repeat(30)).adapter(plainPrompt.at(1)))));
  }

  @Test
  void appliesARepeatedPromptTwice() {
    Reference one = Reference.of(image("37x53.png"));
    Reference other = Reference.of(image("64x64.png"));
    float[] thrice =
        generate(request().adapter(plain.prompt(List.of(one, one, other)).at(0.9)));
    float[] weighted =
        generate(request().adapter(plain.prompt(List.of(one.weight(2), other)).at(0.9)));
    for (int i = 0; i < thrice.length; i++) {
      assertEquals(thrice[i], weighted[i], 1e-5);
    }
  }

  @Test
  void generatesTheSameFromSavedReferences() {
    Path file = folder.resolve("ada.safetensors");
    plainPrompt.references().save(file);
    assertEquals(plainPrompt.references(), ReferenceEmbeddings.open(file));
    assertArrayEquals(
        generate(request().adapter(plainPrompt.at(0.8))),
        generate(request().adapter(plain.prompt(ReferenceEmbeddings.open(file)).at(0.8))));
  }

  @Test
  void encodesReferencesOnceForARequest() {
    try (TensorScope scope = TensorScope.open()) {
      IpAdapter own =
          IpAdapter.open(GoldenAdapters.of("base").write("base", folder), base, encoder);
      Adaptation begun = ModelAdapter.of(own.prompt(image("37x53.png")).at(1))
          .contribution()
          .changes()
          .of(ModelComponent.UNET, new Generation(Compute.EXACT, true, 24, 16, 2));
      AttentionBranch branch = begun.branches(own.module(0)).get(0);
      AttentionBranch.BranchInputs asking = AttentionBranch.BranchInputs.of(
          torch.ones(2, 1, 6, own.sites().widths().get(0)));
      float[] seen = ImageTensors.floats(branch.attend(asking));
      own.close();
      assertArrayEquals(seen, ImageTensors.floats(branch.attend(asking)));
    }
  }

  @Test
  void isClosedOnceNoGenerationUsesIt() throws InterruptedException {
    IpAdapter own = IpAdapter.open(GoldenAdapters.of("base").write("faceid", folder), base);
    ImageRequest shown =
        request().adapter(own.prompt(List.of(Reference.face(numbers()))).at(1));
    ClosedWhileGenerating.refuses("the adapter " + own.describe(), base, shown, own::close);
  }

  @Test
  void aLoraThatTwoPromptsShareActsOnce() {
    ImagePrompt left = facePrompt.mask(image("37x53.png"));
    ImagePrompt right = facePrompt.mask(image("64x64.png"));
    float[] once =
        generate(request().adapter(left.at(0.8)).adapter(right.loraScale(0).at(0.8)));
    assertArrayEquals(once, generate(request().adapter(left.at(0.8)).adapter(right.at(0.8))));
    assertFalse(Arrays.equals(
        once,
        generate(request()
            .adapter(left.loraScale(0).at(0.8))
            .adapter(right.loraScale(0).at(0.8)))));
    assertFalse(
        Arrays.equals(
            once, generate(request().adapter(left.loraScale(2).at(0.8)).adapter(right.at(0.8)))),
        "the first says how strongly");
  }

  @Test
  void aLoraOfScaleZeroInTheFirstPromptIsInactive() {
    ImagePrompt left = facePrompt.mask(image("37x53.png")).loraScale(0);
    ImagePrompt right = facePrompt.mask(image("64x64.png"));
    assertArrayEquals(
        generate(request().adapter(left.at(0.8)).adapter(right.loraScale(0).at(0.8))),
        generate(request().adapter(left.at(0.8)).adapter(right.at(0.8))));
    assertArrayEquals(
        generate(request()
            .adapter(left.between(0, 0.5).at(0.8))
            .adapter(right.loraScale(0).at(0.8))),
        generate(request().adapter(left.between(0, 0.5).at(0.8)).adapter(right.at(0.8))),
        "in steps where the first does not count, too");
    assertArrayEquals(
        generate(request().adapter(right.at(0.8))),
        generate(request().adapter(left.at(0)).adapter(right.at(0.8))),
        "a prompt of weight 0 says nothing");
  }

  @Test
  void isRefusedOnAnotherBase(@TempDir Path parent) {
    try (BaseModel other =
        GoldenFolder.load(GoldenFolder.write("four-levels", GoldenFolder.KeyFormat.CURRENT, parent)
            .path())) {
      IllegalArgumentException e = assertThrows(
          IllegalArgumentException.class,
          () -> other.generate(
              ImageRequest.of("a woman").steps(1).size(32, 32).adapter(plainPrompt.at(1))));
      assertTrue(e.getMessage().endsWith("; open the adapter for this base"), e.getMessage());
    }
  }

  @Test
  void isRefusedOnAnotherFamily(@TempDir Path parent) {
    try (BaseModel flux =
        BaseModel.open(PipelineFolder.write("flux/dev", parent).path(), Compute.EXACT)) {
      ImageRequest request = ImageRequest.of("a woman").steps(1).size(32, 32).seed(7);
      assertArrayEquals(
          flux.generate(request).pixels(),
          flux.generate(request.adapter(plainPrompt.at(0))).pixels());
      String said = assertThrows(
              IllegalArgumentException.class,
              () -> flux.generate(request.adapter(plainPrompt.at(1))))
          .getMessage();
      assertTrue(said.contains(", but the base of the request is FLUX.1 (context 24) of "), said);
      assertTrue(
          assertThrows(
                  IllegalArgumentException.class,
                  () -> flux.generate(request.adapter(plainPrompt.at(0).and(plainPrompt.at(0.5)))))
              .getMessage()
              .equals(said),
          "one of a sum");
    }
  }

  /**
   * As Stable Diffusion 2.x is beside 1.x: attentions of the same number and widths, over other
   * texts.
   */
  @Test
  void isRefusedOnABaseOfAnotherTextWidth() {
    ModelComponent.Tensors own = EngineAccess.model(base);
    ModelComponent.Tensors wider = new ModelComponent.Tensors() {
      @Override
      public Set<String> tensorNames(ModelComponent component) {
        return own.tensorNames(component);
      }

      @Override
      public long[] tensorShape(ModelComponent component, String name) {
        long[] shape = own.tensorShape(component, name);
        return name.contains("attn2.to_k") ? new long[] {shape[0], 2 * shape[1]} : shape;
      }
    };
    ModelAdapter.of(plainPrompt.at(1)).requireCompatible(own);
    ModelAdapter.of(plainPrompt.at(0)).requireCompatible(wider);
    assertEquals(
        "the image prompt of " + plain.describe() + " is for a base with context 32 of "
            + plain.sites().paths().size()
            + " attentions, but the base of the request is a base with context 64 of "
            + plain.sites().paths().size() + " attentions; open the adapter for this base",
        assertThrows(
                IllegalArgumentException.class,
                () -> ModelAdapter.of(plainPrompt.at(1)).requireCompatible(wider))
            .getMessage());
  }

  @Test
  void isRegionalWithAMask() {
    ImagePrompt left = plainPrompt.mask(image("37x53.png"));
    assertTrue(left.at(1).isRegional() && facePrompt.at(1).and(left.at(0.5)).isRegional());
    assertFalse(left.at(0).isRegional() || plainPrompt.at(1).isRegional());
  }

  @Test
  void refusesInconsistentSavedReferences() {
    String alone = " has reference embeddings that do not fit together: ";
    refusesSaved(
        alone + "expected an image or face embedding for each of 2 weights, got image 1x1x40 and"
            + " face none",
        1,
        1,
        1);
    refusesSaved(
        alone + "the weights of references must be finite numbers above 0, got" + " [0.0]", 1, 0);
    refusesSaved(": \"image\" has shape [0, 1, 40], expected at least one number", 0, 1);
    refusesSaved(": \"weights\" has shape [0], expected at least one number", 1);
    try (TensorScope scope = TensorScope.open()) {
      Grid one = new Grid(new float[40], 1, 1, 40);
      assertEquals(
          "expected one unconditional output for all references, got 2x1x40",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new ReferenceEmbeddings(
                      Optional.of(one),
                      Optional.of(new Grid(new float[80], 2, 1, 40)),
                      Optional.empty(),
                      List.of(1.0),
                      EmbeddingOrigin.UNKNOWN))
              .getMessage());
    }
  }

  @Test
  void refusesSavedReferencesThatAreNotFinite() {
    assertTrue(messageOf(1, Float.NaN)
        .startsWith(folder.resolve("broken.safetensors")
            + ": tensor \"weights\" has values that are NaN or infinite; "));
  }

  private static void refusesSaved(String why, int count, float... weights) {
    assertEquals(
        folder.resolve("broken.safetensors") + why + "; make the file from images again",
        messageOf(count, weights));
  }

  private static String messageOf(int count, float... weights) {
    Path file = folder.resolve("broken.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          file,
          Map.of("image", torch.zeros(count, 1, 40), "weights", torch.tensor(weights)),
          Map.of());
    }
    return assertThrows(InvalidInputException.class, () -> ReferenceEmbeddings.open(file))
        .getMessage();
  }

  @Test
  void refusesReferencesOfAnotherKind() {
    ReferenceEmbeddings images = plainPrompt.references();
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> face.prompt(images));
    assertEquals(
        "the references have 1x1x40 for images, no embeddings for the unconditional input and"
            + " no embeddings for faces, which do not fit "
            + folder.resolve("ip-adapter-faceid.safetensors")
            + ", an IP-Adapter FaceID with image width 0 and face "
            + "width 24; encode the photos again for this adapter",
        e.getMessage());
    assertEquals(
        "an IP-Adapter FaceID needs a face embedding, but the reference has only an image",
        assertThrows(IllegalArgumentException.class, () -> face.prompt(image("37x53.png")))
            .getMessage());
  }

  private static float[] generate(ImageRequest request) {
    return base.generate(request).pixels();
  }

  private static RgbImage image(String name) {
    return RgbImage.read(GoldenImageEncoder.file(name));
  }

  private static float[] numbers() {
    float[] numbers = new float[24];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) (Math.sin(i + 1) / Math.sqrt(12.53));
    }
    return numbers;
  }
}
