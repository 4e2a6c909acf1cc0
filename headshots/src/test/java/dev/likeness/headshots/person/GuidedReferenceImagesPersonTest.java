package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ReferenceImages;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.SameFacesDetector;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.Face;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Face guidance of persons from reference images on a tiny random base, also with a LoRA. The
 * landmarks are fixed, because random networks draw no faces. The base's own autoencoder takes the
 * place of TAEF2.
 */
@ExtendWith(NoTensorLeaks.class)
class GuidedReferenceImagesPersonTest {
  private static final int SIDE = 64;
  private static final int COUNT = 6;
  private static final Consent CONSENT = Consent.of("Ada: headshots").person("Ada Byron");
  private static final Face FACE = SameFacesDetector.IN_64_PIXELS;
  private static final ShootRequest SHOOT = ShootRequest.of(List.of(Style.named("studio")), COUNT)
      .steps(4)
      .guidance(1)
      .size(SIDE);

  private static BaseModel klein;
  private static FaceGuidance guidance;

  @BeforeAll
  static void opens(@TempDir Path parent) {
    Path folder = PipelineFolder.write("klein/base", parent).path();
    Path embedder = parent.resolve("auraface.onnx");
    GoldenResource.copy("/golden/iresnet/folded.onnx", embedder);
    klein = BaseModel.open(folder, Compute.EXACT);
    guidance = FaceGuidance.with(
        folder.resolve("vae"),
        embedder,
        new SameFacesDetector(List.of(FACE)),
        UsePolicy.COMMERCIAL);
    // Networks keep layers that they make for their first image.
    klein.generate(ImageRequest.of("a hat").steps(1).size(SIDE, SIDE));
    klein.generate(ImageRequest.of("a hat")
        .steps(1)
        .size(SIDE, SIDE)
        .adapter(guidance.forPerson(List.of(face())).at(1)));
  }

  @AfterAll
  static void closes() {
    guidance.close();
    klein.close();
  }

  private static RgbImage noise(int seed) {
    byte[] rgb = new byte[SIDE * SIDE * 3];
    new Random(seed).nextBytes(rgb);
    return RgbImage.of(SIDE, SIDE, rgb);
  }

  private static float[] face() {
    return guidance.embedder().embed(noise(7), FACE);
  }

  /** A person whose file keeps a face embedding of the guidance. */
  private static ReferenceImagesPerson ada() {
    PersonRecord record = PersonRecord.EMPTY.withGuidanceFaces(
        new FaceEmbeddings(guidance.embedder().name(), List.of(face())));
    return ReferenceImagesPerson.of(klein, List.of(noise(1), noise(2)), record)
        .withConsent(CONSENT);
  }

  private static double likeness(RgbImage image) {
    return FaceEmbedder.cosine(face(), guidance.embedder().embed(image, FACE));
  }

  private static List<Headshot> shoot(HeadshotStudio studio, Identity person) {
    return studio.shoot(person, SHOOT).headshots();
  }

  private static void assertRaised(List<Headshot> guided, List<Headshot> plain) {
    long raised = IntStream.range(0, COUNT)
        .filter(i -> likeness(guided.get(i).image()) > likeness(plain.get(i).image()))
        .count();
    assertTrue(raised >= COUNT - 1, raised + " of " + COUNT);
  }

  @Test
  void raisesTheSimilarityAndKeepsTheReferences() {
    HeadshotStudio plain = HeadshotStudio.on(klein);
    HeadshotStudio guided = plain.faceGuidance(guidance);
    ReferenceImagesPerson ada = ada();
    assertTrue(guided.usesFaceGuidance(ada));
    assertFalse(plain.usesFaceGuidance(ada));
    List<Headshot> with = shoot(guided, ada);
    List<Headshot> without = shoot(plain, ada);
    assertRaised(with, without);
    ImageRequest request = with.get(0).request();
    assertEquals(without.get(0).request().prompt(), request.prompt());
    assertEquals(ada.images(), request.referenceImages().images());
    assertNotEquals(
        klein.generate(request.referenceImages(ReferenceImages.NONE)).image(),
        with.get(0).image(),
        "the images count beside the guidance");
  }

  @Test
  void combinesWithReferencesAndALora() {
    TrainingSettings settings =
        TrainingSettings.balanced().forBase(klein).steps(2).learningRate(0.1);
    PersonToken token = new PersonToken("sks", "woman", "").consent(CONSENT);
    try (LoraPerson lora = new LoraTrainer(settings)
        .train(klein, TrainingSet.of(List.of(noise(1), noise(2)), token), Run.silent())) {
      ReferenceImagesPerson both = ada().withLoraPerson(lora);
      HeadshotStudio plain = HeadshotStudio.on(klein);
      HeadshotStudio guided = plain.faceGuidance(guidance);
      List<Headshot> with = shoot(guided, both);
      assertRaised(with, shoot(plain, both));
      ImageRequest request = with.get(0).request();
      List<? extends Adapter> parts = request.adapters().get(0).components();
      assertEquals(3, parts.size(), "the LoRA, the images and the guidance");
      for (Adapter part : parts) {
        Adapter rest = parts.stream()
            .filter(one -> one != part)
            .map(one -> (Adapter) one)
            .reduce(Adapter::and)
            .orElseThrow();
        ImageRequest less = request.referenceImages(ReferenceImages.NONE).adapters(List.of());
        assertNotEquals(
            klein.generate(less.adapter(rest)).image(),
            with.get(0).image(),
            "each of the three counts: " + part);
      }
      assertEquals(
          klein
              .generate(request
                  .referenceImages(ReferenceImages.NONE)
                  .adapters(List.of())
                  .adapter(request.adapters().get(0)))
              .image(),
          with.get(0).image());
    }
  }
}
