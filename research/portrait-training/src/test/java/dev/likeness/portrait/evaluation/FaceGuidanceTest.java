package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ClosedWhileGenerating;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Generation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selection;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.portrait.people.Light;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import dev.likeness.portrait.people.Tint;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faces that the embedded model draws, held to somebody's. */
class FaceGuidanceTest {
  private static final ImageRequest ASK =
      ImageRequest.of("studio portrait of a woman").steps(10).seed(7);
  private static final int IMAGES = 4;

  private static RgbImage selfie() {
    return selfie(9_100_000_001L);
  }

  private static RgbImage selfie(long person) {
    return Renderer.render(Person.random(person), Shot.selfie(new Random(1)), 256)
        .image();
  }

  private static float[] vector(RgbImage image, FaceDetector detector, FaceEmbedder eye) {
    return eye.embed(image, detector.detect(image).get(0));
  }

  @Test
  void drawsFacesThatAnotherEmbedderTooFindsNearerToThePerson() throws InterruptedException {
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best());
        FaceDetector detector = new CascadeDetector();
        PersonAdapter adapter = PersonAdapter.openIn(PortraitModel.files(), base);
        FaceGuidance guidance =
            FaceGuidance.findIn(PortraitModel.files(), base, detector).orElseThrow();
        TorchEmbedder judge = TorchEmbedder.findIn(PortraitModel.files()).orElseThrow()) {
      // Of eight images of hers none came out less like her for being held; of others one in
      // eight did.
      RgbImage selfie = selfie(9_100_000_005L);
      Face face = detector.detect(selfie).get(0);
      float[] person = judge.embed(selfie, face);
      ImageRequest shown = ASK.adapter(
          adapter.adapter().prompt(List.of(adapter.reference(selfie, face))).at(1));
      Identity held = guidance.forPerson(List.of(guidance.embedder().embed(selfie, face)));
      double without = 0;
      double with = 0;
      for (int seed = 1; seed <= IMAGES; seed++) {
        without +=
            likeness(person, base.generate(shown.seed(seed)).image(), detector, judge) / IMAGES;
        with += likeness(
                person,
                base.generate(shown.adapter(held.at(1)).seed(seed)).image(),
                detector,
                judge)
            / IMAGES;
      }
      assertTrue(with > without + 0.03, "likeness " + without + " without, " + with + " with");
      RgbImage led = base.generate(shown.adapter(held.at(1)).steps(3)).image();
      assertEquals(
          led, base.generate(shown.adapter(held.at(1)).steps(3)).image(), "the same again");
      RgbImage plain = base.generate(shown.steps(3)).image();
      assertNotEquals(plain, led);
      assertEquals(plain, base.generate(shown.adapter(held.at(0)).steps(3)).image(), "at 0 nobody");
      ClosedWhileGenerating.refuses(
          "the face guidance", base, ASK.adapter(held.at(1)).steps(2), guidance::close);
    }
  }

  private static double likeness(
      float[] person, RgbImage image, FaceDetector detector, FaceEmbedder judge) {
    return FaceEmbedder.cosine(person, vector(image, detector, judge));
  }

  @Test
  void holdsWhoseFileSaysWhatTo() {
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best());
        FaceDetector detector = new CascadeDetector();
        FaceGuidance guidance =
            FaceGuidance.findIn(PortraitModel.files(), base, detector).orElseThrow();
        LoraPerson plain = new LoraTrainer(TrainingSettings.quick().steps(1))
            .train(
                base,
                List.of(selfie()),
                PersonToken.of("woman").consent(Consent.synthetic()),
                Run.silent())) {
      List<float[]> seen = List.of(vector(selfie(), detector, guidance.embedder()));
      LoraPerson known = PersonRecord.of(plain)
          .withGuidanceFaces(new FaceEmbeddings(guidance.embedder().name(), seen))
          .addTo(plain);
      LoraPerson others = PersonRecord.of(plain)
          .withGuidanceFaces(new FaceEmbeddings("another embedder", seen))
          .addTo(plain);
      HeadshotStudio free = HeadshotStudio.on(base);
      HeadshotStudio holding = free.faceGuidance(guidance);
      assertEquals(
          List.of(true, false, false, false),
          List.of(
              holding.usesFaceGuidance(known),
              holding.usesFaceGuidance(plain),
              holding.usesFaceGuidance(others),
              free.usesFaceGuidance(known)));
      ShootRequest request = ShootRequest.of(Style.named("studio"), 1).steps(4);
      assertNotEquals(drawn(free, known, request), drawn(holding, known, request));
      assertEquals(drawn(free, plain, request), drawn(holding, plain, request));
      assertEquals(
          drawn(free, known, request.identityStrength(0)),
          drawn(holding, known, request.identityStrength(0)),
          "at 0 nobody");
      takesLessOfTheLora(base, known.at(1), holding.withFaceGuidance(known).at(1));
    }
  }

  @Test
  void keepsTheLightThatAllPhotosShareOutOfWhatDoesNotAskForIt() {
    List<Photo> selfies = IdentityTrial.selfies(
            Person.random(9_100_000_001L), shot -> shot.withLight(Light.FLASH, Tint.WHITE))
        .subList(0, 4);
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best());
        FaceDetector detector = new CascadeDetector();
        PersonAdapter adapter = PersonAdapter.openIn(PortraitModel.files(), base);
        FaceGuidance guidance =
            FaceGuidance.findIn(PortraitModel.files(), base, detector).orElseThrow()) {
      HeadshotStudio studio = HeadshotStudio.on(base)
          .faceGuidance(guidance)
          .training(TrainingSettings.quick().steps(1));
      PhotoReview review = PhotoReview.of(PhotoSet.of(selfies));
      try (LoraPerson learnt = studio.train(review, Consent.synthetic())) {
        assertEquals("flash", PersonRecord.SharedLight.of(learnt).words());
        assertEquals(
            "flash",
            PersonRecord.SharedLight.of(studio.withFaceGuidance(learnt)).words());
        assertEquals(
            "flash",
            PersonRecord.SharedLight.of(studio
                    .trainer()
                    .ipAdapterPerson(
                        TrainingRequest.of(review, Consent.synthetic()), adapter, Run.silent())
                    .withLoraPerson(learnt))
                .words());
        ShootRequest request = ShootRequest.of(Style.named("studio"), 1).steps(2);
        assertEquals(
            "flash", studio.shoot(learnt, request).headshots().get(0).request().negative());
      }
    }
  }

  @Test
  void drawsWhoIsHeldTheSameBesideOthersAsAlone() throws Exception {
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best());
        FaceDetector detector = new CascadeDetector();
        FaceGuidance guidance =
            FaceGuidance.findIn(PortraitModel.files(), base, detector).orElseThrow();
        LoraPerson plain = new LoraTrainer(TrainingSettings.quick().steps(1))
            .train(
                base,
                List.of(selfie()),
                PersonToken.of("woman").consent(Consent.synthetic()),
                Run.silent())) {
      float[] face = vector(selfie(), detector, guidance.embedder());
      float[] away = face.clone();
      for (int i = 0; i < away.length; i++) {
        away[i] = -face[i];
      }
      HeadshotStudio studio = HeadshotStudio.on(base).faceGuidance(guidance);
      ShootRequest request = ShootRequest.of(Style.named("studio"), 1).steps(4);
      List<LoraPerson> people = Stream.of(face, away)
          .map(vector -> PersonRecord.of(plain)
              .withGuidanceFaces(new FaceEmbeddings(guidance.embedder().name(), List.of(vector)))
              .addTo(plain))
          .toList();
      List<RgbImage> alone =
          people.stream().map(person -> drawn(studio, person, request)).toList();
      assertNotEquals(alone.get(0), alone.get(1));
      assertTrue(studio.guidanceLikeness(people.get(0), detector).isPresent());
      assertTrue(
          HeadshotStudio.on(base).guidanceLikeness(people.get(0), detector).isEmpty()
              && studio.guidanceLikeness(plain, detector).isEmpty());
      SelectionResult.Candidate chosen = Selection.of(studio, detector, HeadshotScores.of(detector))
          .candidates(people.get(0), request, Run.silent())
          .get(0);
      assertEquals(
          studio
              .guidanceLikeness(people.get(0), detector)
              .orElseThrow()
              .cosine(chosen.headshot().marked(GeneratedImage.Marking.load())),
          chosen.guidanceLikeness());
      try (GenerationQueue queue =
          GenerationQueue.on(studio, GenerationQueue.Options.defaults().workers(2))) {
        List<GenerationJob<Shoot>> jobs = IntStream.range(0, 4)
            .mapToObj(i -> queue.shoot(people.get(i % 2), request))
            .toList();
        for (int i = 0; i < jobs.size(); i++) {
          assertEquals(alone.get(i % 2), jobs.get(i).get().headshots().get(0).image());
        }
      }
    }
  }

  private static void takesLessOfTheLora(BaseModel base, Adapter whole, Adapter held) {
    String query = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
    String text = "text_model.encoder.layers.0.self_attn.q_proj";
    assertEquals(
        0.4 * scale(base, whole, ModelComponent.UNET, query),
        scale(base, held, ModelComponent.UNET, query),
        1e-9);
    assertEquals(
        0.4 * scale(base, whole, ModelComponent.TEXT_ENCODER, text),
        scale(base, held, ModelComponent.TEXT_ENCODER, text),
        1e-9);
  }

  private static double scale(
      BaseModel base, Adapter adapter, ModelComponent component, String module) {
    return ModelAdapter.of(adapter)
        .contribution()
        .changes()
        .of(component, new Generation(base.compute(), true, 256, 256, 8))
        .at(0)
        .adapterLayers(module)
        .get(0)
        .lowRank()
        .orElseThrow()
        .scale();
  }

  @Test
  void holdsWhoIsShownAndLearntToAllThePhotosLearntFrom() {
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best());
        FaceDetector detector = new CascadeDetector();
        PersonAdapter adapter = PersonAdapter.openIn(PortraitModel.files(), base);
        FaceGuidance guidance =
            FaceGuidance.findIn(PortraitModel.files(), base, detector).orElseThrow();
        LoraPerson plain = new LoraTrainer(TrainingSettings.quick().steps(1))
            .train(
                base,
                List.of(selfie()),
                PersonToken.of("woman").consent(Consent.synthetic()),
                Run.silent())) {
      RgbImage photo = selfie();
      float[] face = vector(photo, detector, guidance.embedder());
      float[] away = face.clone();
      for (int i = 0; i < away.length; i++) {
        away[i] = -face[i];
      }
      String eye = guidance.embedder().name();
      LoraPerson learnt = PersonRecord.of(plain)
          .withGuidanceFaces(new FaceEmbeddings(eye, List.of(face, face)))
          .addTo(plain);
      IpAdapterPerson shown = new IpAdapterPerson(
              adapter
                  .adapter()
                  .prompt(
                      List.of(adapter.reference(photo, detector.detect(photo).get(0)))),
              Optional.empty(),
              Optional.of(Consent.synthetic()),
              "adapter",
              IdentityStrength.DEFAULT,
              "",
              PersonRecord.EMPTY)
          .withFaceGuidance(new FaceEmbeddings(eye, List.of(away)));
      IpAdapterPerson faceless = new IpAdapterPerson(
          shown.imagePrompt(),
          Optional.empty(),
          shown.photoConsent(),
          "adapter",
          shown.strength(),
          "",
          PersonRecord.EMPTY);
      HeadshotStudio studio = HeadshotStudio.on(base).faceGuidance(guidance);
      ShootRequest request = ShootRequest.of(Style.named("studio"), 1).steps(4);
      assertTrue(studio.usesFaceGuidance(faceless.withLoraPerson(learnt)));
      assertEquals(
          drawn(studio, faceless.withLoraPerson(learnt), request),
          drawn(studio, shown.withLoraPerson(learnt), request));
      assertNotEquals(
          drawn(studio, shown.withLoraPerson(plain), request),
          drawn(studio, shown.withLoraPerson(learnt), request));
      assertNotEquals(
          drawn(studio, learnt, request),
          drawn(studio, shown.withLoraPerson(learnt).withStrength(unshown(0.4, 1)), request),
          "who was learnt is shown, too");
      takesTheAdapterWithTheLora(
          studio,
          learnt,
          adapter
              .adapter()
              .prompt(List.of(Reference.face(
                  adapter.reference(photo, detector.detect(photo).get(0)).face().orElseThrow()))),
          request);
      assertEquals(
          drawn(HeadshotStudio.on(base), learnt, request),
          drawn(studio, shown.withLoraPerson(learnt).withStrength(unshown(1, 0)), request),
          "the first steps take no more than the whole of it");
    }
  }

  /**
   * What a file keeps of a face is to the adapter what the photo is, but for what dividing by the
   * root of two and multiplying by it leaves.
   */
  private static void takesTheAdapterWithTheLora(
      HeadshotStudio studio, LoraPerson learnt, ImagePrompt photo, ShootRequest request) {
    FaceEmbeddings once = PersonRecord.of(learnt).guidanceFaces().orElseThrow();
    LoraPerson known = PersonRecord.of(learnt)
        .withGuidanceFaces(new FaceEmbeddings(once.embedder(), once.vectors().subList(0, 1)))
        .addTo(learnt);
    byte[] kept = drawn(studio, known, request).rgb();
    byte[] shown = drawn(
            studio,
            new IpAdapterPerson(
                photo,
                Optional.of(known),
                Optional.of(Consent.synthetic()),
                "adapter",
                IdentityStrength.DEFAULT,
                "",
                PersonRecord.EMPTY),
            request)
        .rgb();
    double off = IntStream.range(0, kept.length)
        .map(i -> Math.abs((kept[i] & 255) - (shown[i] & 255)))
        .average()
        .orElseThrow();
    assertTrue(off < 1, "grey levels " + off);
  }

  /** A dial that ends with nothing of the adapter. */
  private static IdentityStrength unshown(double lora, double face) {
    return new IdentityStrength(
        IdentityStrength.DEFAULT.referenceOnly(),
        IdentityStrength.linear(new IdentityStrength.Setting(0, 0, 1, lora, face)));
  }

  private static RgbImage drawn(HeadshotStudio studio, Identity person, ShootRequest request) {
    return studio.shoot(person, request).headshots().get(0).image();
  }

  @Test
  void saysWhatItCannotUse(@TempDir Path empty) {
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best());
        FaceDetector detector = new CascadeDetector();
        FaceGuidance guidance =
            FaceGuidance.findIn(PortraitModel.files(), base, detector).orElseThrow()) {
      assertTrue(FaceGuidance.findIn(empty, base, detector).isEmpty());
      float[] face = vector(selfie(), detector, guidance.embedder());
      assertEquals(
          "face guidance needs at least 1 face embedding, got none",
          assertThrows(IllegalArgumentException.class, () -> guidance.forPerson(List.of()))
              .getMessage());
      assertEquals(
          "the weight of face guidance must be in 0..1, got 2.0",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> guidance.forPerson(List.of(face)).at(2))
              .getMessage());
    }
  }
}
