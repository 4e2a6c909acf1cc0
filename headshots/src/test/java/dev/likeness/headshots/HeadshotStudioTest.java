package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.ConsentException;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.PreviewDecoder;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.memory.ForwardMemory;
import dev.likeness.diffusion.internal.model.ModelExtrasFile;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.GuidedPerson;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.internal.image.Luma;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class HeadshotStudioTest {
  @TempDir
  private static Path folder;

  private static BaseModel base;
  private static LoraPerson ada;

  @BeforeAll
  static void trainAda() {
    Path files =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    base = GoldenFolder.load(ModelExtrasFile.write(files));
    RgbImage selfie = RgbImage.of(32, 32, new byte[32 * 32 * 3]);
    ada = new LoraTrainer(TrainingSettings.quick().steps(3))
        .train(base, List.of(selfie), PersonToken.of("woman").consent("Ada: yes"), Run.silent());
    HeadshotStudio.on(base).shoot(ada, request());
  }

  @AfterAll
  static void close() {
    ada.close();
    base.close();
  }

  @Test
  void generatesEachStyleInTurnWithConsecutiveSeeds() {
    ShootRequest request = ShootRequest.of(
            List.of(Style.named("studio"), Style.named("outdoor")), 2)
        .steps(2)
        .seed(40);
    Shoot shoot = HeadshotStudio.on(base).shoot(ada, request);
    assertEquals(
        List.of("studio 40", "studio 41", "outdoor 42", "outdoor 43"),
        shoot.headshots().stream()
            .map(shot -> shot.style().name() + " " + shot.seed())
            .toList());
    assertTrue(
        shoot.headshots().get(0).request().prompt().startsWith("studio portrait of sks woman, "));
    assertEquals(4, shoot.headshots().stream().map(Headshot::image).distinct().count());
  }

  @Test
  void reportsPreviewsThatChangeNoHeadshot() {
    Headshot plain = HeadshotStudio.on(base).shoot(ada, request()).headshots().get(0);
    List<RgbImage> shown = new ArrayList<>();
    try (PreviewDecoder decoder =
        PreviewDecoder.open(base.folder().orElseThrow().resolve("vae"), base.compute())) {
      HeadshotStudio watched =
          HeadshotStudio.on(base).previews(decoder, 1, (row, images) -> shown.addAll(images));
      Headshot seen = watched.shoot(ada, request()).headshots().get(0);
      assertEquals(plain.image(), seen.image());
      assertEquals(plain.request().hooks(), seen.request().hooks());
      assertEquals(plain.image().width(), shown.get(0).width());
      assertThrows(
          IllegalArgumentException.class,
          () -> HeadshotStudio.on(base).previews(decoder, 0, (row, images) -> {}));
    }
  }

  @Test
  void ignoresThePersonAtLikenessZero() {
    Headshot plain = HeadshotStudio.on(base)
        .shoot(ada, request().identityStrength(0))
        .headshots()
        .get(0);
    Headshot full = HeadshotStudio.on(base).shoot(ada, request()).headshots().get(0);
    GeneratedImage expected = base.generate(plain.request());
    assertEquals(expected.image(), plain.image());
    assertNotEquals(expected.image(), full.image());
  }

  @Test
  void generatesInColourAndConvertsToBlackAndWhite() {
    Headshot shot = HeadshotStudio.on(base)
        .shoot(ada, ShootRequest.of(Style.named("black-and-white"), 1).steps(2))
        .headshots()
        .get(0);
    RgbImage drawn = base.generate(shot.request()).image();
    assertNotEquals(drawn, shot.image());
    assertEquals(Luma.of(drawn).toImage(), shot.image());
  }

  @Test
  void estimatesMemoryOfSamplingDecodingAndImages() {
    HeadshotStudio studio = HeadshotStudio.on(base);
    ShootRequest one = ShootRequest.of(Style.named("studio"), 1);
    int side = base.defaults().width();
    long own = (long) side * side;
    Autoencoder decoder = EngineAccess.model(base).autoencoder();
    // In f32, 4000 bytes for face guidance, 96 for copies of the image and 3 for itself.
    ForwardMemory activations = EngineAccess.engine(base).activations();
    assertEquals(
        activations.sampling(4, side, side, 2)
            + (4000 + 96 + 3) * own
            + decoder.decodingMemory(side, side),
        studio.memoryBytes(one));
    assertEquals(
        2 * 3 * own,
        studio.memoryBytes(ShootRequest.of(Style.named("studio"), 3)) - studio.memoryBytes(one));
    // Through windows, no more is drawn at once than half as large again.
    assertEquals(
        activations.sampling(4, side * 3 / 2, side * 3 / 2, 2)
            + 4000 * 9 * own / 4
            + (96 + 3) * 64 * own
            + decoder.decodingMemory(8 * side, 8 * side),
        studio.memoryBytes(one.size(8 * side)));
  }

  @Test
  void endsItsProgressOnce() {
    List<ProgressEvent> events = new ArrayList<>();
    HeadshotStudio.on(base)
        .shoot(
            ada, ShootRequest.of(Style.defaults().subList(0, 2), 1).steps(2), Run.of(events::add));
    assertEquals(new ProgressEvent.Done(), events.get(events.size() - 1));
    assertEquals(1, events.stream().filter(ProgressEvent.Done.class::isInstance).count());
  }

  @Test
  void stopsWhenCancelled() {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    List<ProgressEvent> events = new ArrayList<>();
    assertThrows(
        CancelledException.class,
        () -> HeadshotStudio.on(base).shoot(ada, request(), new Run(events::add, cancellation)));
    assertEquals(new ProgressEvent.Cancelled(), events.get(events.size() - 1));
  }

  @Test
  void refusesAStyleForOtherBases() {
    Style usual = Style.named("studio");
    Style photographic = new Style(
        "noir",
        "Noir",
        "portrait",
        usual.wardrobe(),
        usual.expressions(),
        usual.lights(),
        usual.backdrops(),
        "",
        "",
        OptionalDouble.empty(),
        "square",
        List.of("flux", "stable-diffusion"),
        false);
    InvalidInputException wrong = assertThrows(
        InvalidInputException.class,
        () -> HeadshotStudio.on(base).shoot(ada, ShootRequest.of(photographic, 1)));
    assertEquals(
        wrong.getMessage(),
        assertThrows(
                InvalidInputException.class,
                () -> HeadshotStudio.on(base).validate(ShootRequest.of(photographic, 1)))
            .getMessage());
    assertEquals(
        "the style noir is for bases of the family flux, stable-diffusion, but the base "
            + base.name()
            + " is of the family drawn; choose another style or base",
        wrong.getMessage());
  }

  @Test
  void refusesUnsupportedStepsBeforeGeneration() {
    ShootRequest many = request().steps(1001);
    InvalidInputException wrong =
        assertThrows(InvalidInputException.class, () -> HeadshotStudio.on(base).validate(many));
    assertEquals(
        base.name()
            + " cannot generate with the number of steps 1001: this scheduler supports 1 to 1000"
            + " steps, got 1001; choose another number of steps",
        wrong.getMessage());
  }

  @Test
  void refusesRegionalAdaptersWithTilesOrCrops() {
    Adapter placed = new ModelAdapter() {
      @Override
      public Contribution contribution() {
        return Contribution.NONE;
      }

      @Override
      public boolean isRegional() {
        return true;
      }
    };
    Identity left = new Identity() {
      @Override
      public Adapter at(double weight) {
        return ada.at(weight).and(placed).withoutGradientGuidance();
      }

      @Override
      public String phrase() {
        return ada.phrase();
      }

      @Override
      public Optional<Consent> consent() {
        return ada.consent();
      }
    };
    HeadshotStudio studio = HeadshotStudio.on(base);
    Headshot shot = studio.shoot(left, request()).headshots().get(0);
    List<ProgressEvent> events = new ArrayList<>();
    String said = assertThrows(
            IllegalArgumentException.class,
            () -> studio.shoot(left, request().size(64), Run.of(events::add)))
        .getMessage();
    assertTrue(
        said.startsWith("an image of 64 pixels needs windows or crops of the image, and an image"),
        said);
    assertEquals(1, events.size(), "nothing was drawn");
    Face face = new Face(
        new BoundingBox(8, 8, 16, 16), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
    assertTrue(assertThrows(
            IllegalArgumentException.class,
            () -> studio.regenerateFace(left, shot, face, 0.5, Run.silent()))
        .getMessage()
        .startsWith("regenerating a face needs windows or crops"));
  }

  @Test
  void reportsOnceThatNegativePromptsAreIgnored() {
    List<ProgressEvent> events = new ArrayList<>();
    ShootRequest two = ShootRequest.of(Style.named("studio"), 2).steps(2).guidance(1);
    HeadshotStudio.on(base)
        .shoot(
            PersonRecord.of(ada)
                .withLight(new PersonRecord.SharedLight("flash"))
                .addTo(ada),
            two,
            Run.of(events::add));
    assertEquals(
        1, events.stream().filter(ProgressEvent.Notice.class::isInstance).count());
  }

  @Test
  void recordsHowItWasDone() throws IOException {
    Shoot shoot = HeadshotStudio.on(base).shoot(ada, request());
    Map<String, Object> record = JSON.std.mapFrom(ShootRecord.of(base, ada, shoot)
        .timings(Map.of("generation", Duration.ofMillis(1500)))
        .toJson());
    assertEquals(Map.of("generation", 1.5), record.get("seconds"));
    assertEquals(
        "cpu f32, PNDMScheduler, 0.0",
        record.get("compute") + ", " + record.get("scheduler") + ", " + record.get("eta"));
    Map<?, ?> person = (Map<?, ?>) record.get("person");
    assertEquals("sks woman, Ada: yes", person.get("phrase") + ", " + person.get("consent"));
    Map<?, ?> headshot = (Map<?, ?>) ((List<?>) record.get("headshots")).get(0);
    assertEquals(
        "headshot-001.png 0 2",
        headshot.get("file") + " " + headshot.get("seed") + " " + headshot.get("steps"));
  }

  @Test
  void recordsTheFileSizeBesideTheGeneratedSize() throws IOException {
    Headshot drawn = HeadshotStudio.on(base).shoot(ada, request()).headshots().get(0);
    Headshot cropped = new Headshot(
        RgbImage.of(4, 5, new byte[3 * 4 * 5]), drawn.style(), drawn.seed(), drawn.request(), 1);
    Map<String, Object> record = JSON.std.mapFrom(
        ShootRecord.of(base, ada, new Shoot(request(), List.of(cropped))).toJson());
    Map<?, ?> headshot = (Map<?, ?>) ((List<?>) record.get("headshots")).get(0);
    assertEquals(
        "4x5 of " + drawn.image().width() + "x" + drawn.image().height(),
        headshot.get("width") + "x" + headshot.get("height") + " of "
            + headshot.get("generated_width") + "x" + headshot.get("generated_height"));
    int side = 2 * base.defaults().width();
    Headshot refined =
        HeadshotStudio.on(base).shoot(ada, request().size(side)).headshots().get(0);
    assertEquals(side, refined.image().width());
    assertEquals(side, refined.toMap("headshot-001.png").get("generated_width"));
    assertEquals(1, refined.enlargement(), "refining passes add detail");
  }

  @Test
  void requiresConsentToReferenceAndGenerate() {
    HeadshotStudio studio = HeadshotStudio.on(base);
    Consent drawing = Consent.of("Ada: draw me").limitedTo(Purpose.HEADSHOTS);
    Consent learning = Consent.of("Ada: look at me").limitedTo(Purpose.INTAKE, Purpose.TRAINING);
    List<ProgressEvent> events = new ArrayList<>();
    ConsentException refused = assertThrows(
        ConsentException.class,
        () -> studio
            .trainer()
            .ipAdapterPerson(TrainingRequest.of(null, drawing), null, Run.of(events::add)));
    assertEquals(Purpose.TRAINING, refused.purpose());
    IpAdapterPerson shown = new IpAdapterPerson(
        null,
        Optional.of(ada),
        Optional.of(learning),
        "an adapter",
        IdentityStrength.DEFAULT,
        "",
        PersonRecord.EMPTY);
    ConsentException undrawn = assertThrows(
        ConsentException.class, () -> studio.shoot(shown, request(), Run.of(events::add)));
    assertEquals(Purpose.HEADSHOTS, undrawn.purpose());
    assertEquals(
        List.of(new ProgressEvent.Failed(refused), new ProgressEvent.Failed(undrawn)), events);
  }

  @Test
  void requiresConsentOfGuidedPersonsAndOfLoras() {
    HeadshotStudio studio = HeadshotStudio.on(base);
    LoraPerson unasked = ada.withPersonToken(ada.personToken()
        .consent(Consent.of("Ada: look").limitedTo(Purpose.INTAKE).toJson()));
    GuidedPerson held = new GuidedPerson(unasked, unasked::at);
    IpAdapterPerson beside = new IpAdapterPerson(
        null,
        Optional.of(unasked),
        Optional.of(Consent.of("Ada: yes")),
        "an adapter",
        IdentityStrength.DEFAULT,
        "",
        PersonRecord.EMPTY);
    for (Identity person : List.of(held, beside, new GuidedPerson(beside, unasked::at))) {
      assertEquals(
          Purpose.HEADSHOTS,
          assertThrows(ConsentException.class, () -> studio.shoot(person, request()))
              .purpose());
    }
    assertEquals(
        1, studio.shoot(new GuidedPerson(ada, ada::at), request()).headshots().size());
  }

  @Test
  void refusesAPersonWithoutAKnownConsent() {
    HeadshotStudio studio = HeadshotStudio.on(base);
    LoraPerson unknown = ada.withPersonToken(ada.personToken().consent(" "));
    IpAdapterPerson shown = new IpAdapterPerson(
        null,
        Optional.empty(),
        Optional.empty(),
        "an adapter",
        IdentityStrength.DEFAULT,
        "",
        PersonRecord.EMPTY);
    Identity stranger = new Identity() {
      @Override
      public Adapter at(double weight) {
        throw new AssertionError("somebody was drawn");
      }

      @Override
      public String phrase() {
        return "a person";
      }

      @Override
      public Optional<Consent> consent() {
        return Optional.empty();
      }
    };
    Headshot headshot =
        Headshot.of(RgbImage.of(32, 32, new byte[32 * 32 * 3]), Style.named("studio"), "Ada");
    try (GenerationQueue queue = GenerationQueue.on(studio, GenerationQueue.Options.defaults())) {
      for (Identity person : List.of(
          unknown,
          shown,
          shown.withLoraPerson(ada),
          new GuidedPerson(unknown, unknown::at),
          stranger)) {
        ConsentException refused =
            assertThrows(ConsentException.class, () -> studio.shoot(person, request()));
        assertEquals(Purpose.HEADSHOTS, refused.purpose());
        assertTrue(refused.getMessage().contains("withConsent("), refused.getMessage());
        assertThrows(
            ConsentException.class,
            () -> studio.regenerateFace(person, headshot, null, 0.5, Run.silent()));
        assertThrows(
            ConsentException.class, () -> studio.edit(person, headshot, null, Run.silent()));
        assertInstanceOf(
            ConsentException.class,
            assertThrows(
                    ExecutionException.class,
                    () -> queue.shoot(person, request()).toCompletableFuture().get())
                .getCause());
      }
    }
    Consent yes = Consent.of("Ada: yes");
    assertEquals(
        1, studio.shoot(unknown.withConsent(yes), request()).headshots().size());
    assertEquals(yes, stranger.withConsent(yes).consent().orElseThrow());
    assertEquals(yes, shown.withLoraPerson(unknown).withConsent(yes).consent().orElseThrow());
  }

  @Test
  void reportsReferencePhotosOfAnotherPersonThanTheLora() {
    FaceEmbeddings shown =
        new FaceEmbeddings("an eye", List.of(new float[] {1, 0}, new float[] {1, 0}));
    IpAdapterPerson person = new IpAdapterPerson(
            null,
            Optional.empty(),
            Optional.of(Consent.of("Ada: yes")),
            "an adapter",
            IdentityStrength.DEFAULT,
            "",
            PersonRecord.EMPTY)
        .withFaceGuidance(shown);
    assertTrue(person.findMismatch(ada).isEmpty(), "her file keeps no face");
    assertTrue(person
        .findMismatch(PersonRecord.EMPTY.withGuidanceFaces(shown).addTo(ada))
        .isEmpty());
    assertTrue(person
        .findMismatch(PersonRecord.of(ada)
            .withGuidanceFaces(new FaceEmbeddings("another", List.of(new float[] {1})))
            .addTo(ada))
        .isEmpty());
    String said = person
        .findMismatch(PersonRecord.of(ada)
            .withGuidanceFaces(new FaceEmbeddings("an eye", List.of(new float[] {0.6f, 0.8f})))
            .addTo(ada))
        .orElseThrow();
    assertTrue(said.contains("the similarity of their faces is 0.60"), said);
  }

  private static ShootRequest request() {
    return ShootRequest.of(Style.named("studio"), 1).steps(2);
  }
}
