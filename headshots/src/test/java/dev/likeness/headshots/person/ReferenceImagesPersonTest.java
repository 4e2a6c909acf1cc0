package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.ConsentException;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ReferenceImages;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.PersonTrainer;
import dev.likeness.headshots.Selfies;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class ReferenceImagesPersonTest {
  private static final Consent CONSENT = Consent.of("Ada: headshots").person("Ada Byron");
  private static final ShootRequest ONE =
      ShootRequest.of(List.of(Style.named("studio")), 1).steps(2).guidance(1).size(64);

  private static BaseModel klein;
  private static PhotoReview selfies;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opens(@TempDir Path parent) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name : Selfies.names()) {
      files.add(Files.write(parent.resolve(name), Selfies.read(name)));
    }
    // OpenCV keeps a few objects from its first use.
    selfies = PhotoReview.of(PhotoSet.ofFiles(files));
    klein = BaseModel.open(PipelineFolder.write("klein/base", parent).path(), Compute.EXACT);
    // The base keeps layers that it makes for its first image.
    klein.generate(ImageRequest.of("a hat").steps(1).size(64, 64));
  }

  @AfterAll
  static void closes() {
    klein.close();
  }

  private static List<RgbImage> images(int first, int count) {
    List<AcceptedPhoto> photos = List.of(
        ReferencePhotosTest.photo("a", 0, 0, 90),
        ReferencePhotosTest.photo("b", 0, 20, 120),
        ReferencePhotosTest.photo("c", 0, 40, 150),
        ReferencePhotosTest.photo("d", 0, 60, 180),
        ReferencePhotosTest.photo("e", 0, 80, 210));
    return ReferencePhotos.DEFAULT.side(64).images(photos.subList(first, first + count), klein);
  }

  private static ReferenceImagesPerson ada() {
    return ReferenceImagesPerson.of(klein, images(0, 3), record("woman")).withConsent(CONSENT);
  }

  private static ReferenceImagesPerson ben() {
    return ReferenceImagesPerson.of(klein, images(3, 2), record("man"))
        .withConsent(Consent.of("Ben: yes").limitedTo(Purpose.HEADSHOTS));
  }

  private static PersonRecord record(String sex) {
    return PersonRecord.EMPTY.withProfile(
        PersonProfile.UNKNOWN.withCorrection("sex", sex).withCorrection("glasses", "glasses"));
  }

  /** The tensors of a file stay, so that only its header is damaged. */
  @Test
  void refusesDamagedFacesInItsFile() {
    Path file = folder.resolve("ada.safetensors");
    ada().save(file);
    Map<String, String> header =
        new LinkedHashMap<>(SafetensorsHeader.read(file).metadata());
    for (String note : List.of(
        "{\"embedder\": \"eye\", \"vectors\": []}",
        "{\"embedder\": \"eye\", \"vectors\": [\"AADAfwAAAAA=\"]}",
        "{\"embedder\": \"eye\", \"vectors\": [\"AACAPw==\", \"AACAPwAAAAA=\"]}",
        "{\"embedder\": \"eye\", \"vectors\": [\"AAAAAAAAAAA=\"]}",
        "{\"embedder\": \"eye\", \"vectors\": [" + "\"AACAPw==\", ".repeat(8999) + "\"AACAPw==\"]}",
        "{")) {
      for (String key : List.of("likeness.faces", "likeness.faces.guide")) {
        Path torn = folder.resolve("torn.safetensors");
        header.put(key, note);
        try (TensorScope scope = TensorScope.open();
            Safetensors source = Safetensors.open(file)) {
          Map<String, Tensor> tensors = new LinkedHashMap<>();
          source.names().forEach(name -> tensors.put(name, source.read(name)));
          SafetensorsWriter.write(torn, tensors, header);
        }
        header.remove(key);
        String message = assertThrows(
                InvalidInputException.class, () -> ReferenceImagesPerson.open(torn, klein))
            .getMessage();
        assertTrue(
            message.startsWith(torn + " has face embeddings (" + key + ") ")
                && message.endsWith("; train or encode the person again")
                && message.lines().count() == 1,
            message);
      }
    }
  }

  @Test
  void numbersTheImagesAndKeepsTheFaceAlone() {
    Headshot headshot = HeadshotStudio.on(klein).shoot(ada(), ONE).headshots().get(0);
    String prompt = headshot.request().prompt();
    assertTrue(
        prompt.startsWith("Keep the face exactly as in image 1, image 2 and image 3; do not copy"
            + " clothes, pose or background from there. "),
        prompt);
    assertTrue(
        prompt.contains(" of the woman with glasses in image 1, image 2 and image 3, wearing "),
        prompt);
    ImageRequest same = ImageRequest.of(prompt)
        .steps(2)
        .guidance(1)
        .size(64, 64)
        .images(images(0, 3).toArray(RgbImage[]::new));
    assertEquals(
        klein
            .generate(
                headshot.request().prompts().negative().map(same::negative).orElse(same))
            .image(),
        headshot.image());
  }

  @Test
  void usesTheBasesOwnSizeAndNotThatOfTheFirstImage() {
    Headshot headshot = HeadshotStudio.on(klein)
        .shoot(ada(), ShootRequest.of(ONE.styles(), 1).steps(1).guidance(1))
        .headshots()
        .get(0);
    assertEquals(klein.defaults().width(), headshot.image().width());
    assertEquals(klein.defaults().height(), headshot.image().height());
  }

  @Test
  void scalesTheStrengthOfTheImages() {
    ImageRequest request = ImageRequest.of("a hat").adapter(ada().at(0.3));
    assertEquals(
        ReferenceImages.NONE.images(images(0, 3)).strength(0.3), request.referenceImages());
    assertThrows(IllegalArgumentException.class, () -> ada().at(1.01));
    HeadshotStudio studio = HeadshotStudio.on(klein);
    assertNotEquals(
        studio.shoot(ada(), ONE).headshots().get(0).image(),
        studio.shoot(ada(), ONE.identityStrength(0.2)).headshots().get(0).image());
  }

  @Test
  void addsItsImagesAfterThoseOfTheRequest() {
    RgbImage hat = images(4, 1).get(0);
    ImageRequest request = ImageRequest.of("a hat").images(hat).adapter(ada().at(1));
    assertEquals(4, request.referenceImages().images().size());
    assertEquals(hat, request.referenceImages().images().get(0));
    assertEquals(
        "all reference images of a request must have the same strength and size limit, got strength"
            + " 1.0 with the model's limit and strength 0.5 with the model's limit; give the same for all",
        assertThrows(IllegalArgumentException.class, () -> request.adapter(ben().at(0.5)))
            .getMessage());
  }

  @Test
  void returnsFromItsFile() {
    Path file = folder.resolve("person-references.safetensors");
    PersonRecord record = record("woman")
        .withFaces(new FaceEmbeddings("SFace", List.of(new float[] {0.6f, 0.8f})))
        .withGuidanceFaces(new FaceEmbeddings("Aura", List.of(new float[] {1, 0})));
    ReferenceImagesPerson ada =
        ReferenceImagesPerson.of(klein, images(0, 3), record).withConsent(CONSENT);
    ada.save(file);
    ReferenceImagesPerson again = ReferenceImagesPerson.open(file, klein);
    assertEquals(ada.images(), again.images());
    assertEquals(ada.phrase(), again.phrase());
    assertEquals(Optional.of(CONSENT), again.consent());
    assertEquals(record, again.record());
    assertEquals("a person from 3 reference images", again.toString());
    HeadshotStudio studio = HeadshotStudio.on(klein);
    assertArrayEquals(
        studio.shoot(ada, ONE).headshots().get(0).image().rgb(),
        studio.shoot(again, ONE).headshots().get(0).image().rgb());
  }

  @Test
  void refusesFilesWithoutImages() {
    Path file = folder.resolve("broken.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Tensor flat = torch.zeros(12).to(torch.ScalarType.Byte);
      Map<String, String> header = Map.of(
          "likeness.consent", "", "likeness.adapter", "reference images for a base that edits");
      SafetensorsWriter.write(file, Map.of("image.1", flat), header);
      assertRefused(
          file,
          ": the tensor \"image.1\" has shape [12] and type U8, expected shape [height, width,"
              + " 3] and type U8; give the photos again");
      SafetensorsWriter.write(file, Map.of("image.2", flat.view(2, 2, 3)), header);
      assertRefused(
          file,
          ": the tensor \"image.1\" is missing, expected shape [height, width, 3] and type U8;"
              + " give the photos again");
      SafetensorsWriter.write(file, Map.of("image.1", torch.zeros(2, 2, 3)), header);
      assertRefused(
          file,
          ": the tensor \"image.1\" has shape [2, 2, 3] and type F32, expected shape [height,"
              + " width, 3] and type U8; give the photos again");
      SafetensorsWriter.write(
          file, Map.of("image.1", flat.view(2, 2, 3)), Map.of("likeness.consent", ""));
      assertRefused(
          file,
          " has no reference images of a person; give a file that headshot"
              + " --identity references wrote, or give the photos again");
      SafetensorsWriter.write(file, Map.of("image.1", flat.view(2, 2, 3)), header);
      assertEquals(Optional.empty(), ReferenceImagesPerson.open(file, klein).consent());
    }
  }

  private static void assertRefused(Path file, String message) {
    assertEquals(
        file + message,
        assertThrows(InvalidInputException.class, () -> ReferenceImagesPerson.open(file, klein))
            .getMessage());
  }

  @Test
  void needsAConsentThatIsKnownAndCoversHeadshots() {
    HeadshotStudio studio = HeadshotStudio.on(klein);
    ReferenceImagesPerson unknown =
        ReferenceImagesPerson.of(klein, images(0, 1), PersonRecord.EMPTY);
    assertThrows(ConsentException.class, () -> studio.shoot(unknown, ONE));
    assertEquals("the person in image 1", unknown.phrase());
    Consent training = Consent.of("Ada: train").limitedTo(Purpose.TRAINING);
    assertThrows(ConsentException.class, () -> studio.shoot(unknown.withConsent(training), ONE));
    assertEquals(1, studio.shoot(unknown.withConsent(CONSENT), ONE).headshots().size());
  }

  @Test
  void showsSeveralPeopleByTheirOwnImages() {
    ReferenceImagesPerson.Group both = new ReferenceImagesPerson.Group(List.of(ada(), ben()));
    assertEquals(
        "the woman with glasses in image 1, image 2 and image 3 and the man with glasses in"
            + " image 4 and image 5",
        both.phrase());
    Headshot headshot = HeadshotStudio.on(klein).shoot(both, ONE).headshots().get(0);
    assertTrue(headshot
        .request()
        .prompt()
        .startsWith("Keep each face exactly: of the woman with glasses as in image 1, image 2 and"
            + " image 3 and of the man with glasses as in image 4 and image 5; do not copy clothes,"
            + " pose or background from there. "));
    assertEquals(images(0, 5), headshot.request().referenceImages().images());
    Consent joined = both.consent().orElseThrow();
    assertEquals("Ada: headshots; Ben: yes", joined.text());
    assertEquals(List.of(Purpose.HEADSHOTS), List.copyOf(joined.purposes()));
    ReferenceImagesPerson unknown =
        ReferenceImagesPerson.of(klein, images(0, 1), PersonRecord.EMPTY);
    assertEquals(
        Optional.empty(), new ReferenceImagesPerson.Group(List.of(ada(), unknown)).consent());
    assertThrows(
        IllegalArgumentException.class, () -> new ReferenceImagesPerson.Group(List.of(ada())));
  }

  @Test
  void speaksOfTheOnlyImageOfABaseThatTakesOne() throws IOException {
    Path flux = PipelineFolder.write("flux/dev", folder).path();
    Path index = flux.resolve("model_index.json");
    Files.writeString(
        index, Files.readString(index).replace("FluxPipeline", "FluxKontextPipeline"));
    try (BaseModel kontext = BaseModel.open(flux, Compute.EXACT)) {
      assertEquals(
          "the woman with glasses in the image",
          ReferenceImagesPerson.of(kontext, images(0, 1), record("woman")).phrase());
      assertEquals(
          "the base dev has the weights of FLUX.1 Kontext, whose licence (FLUX.1 [dev]"
              + " Non-Commercial License) forbids commercial use; use a base whose licence allows"
              + " it",
          assertThrows(InvalidInputException.class, () -> UsePolicy.COMMERCIAL.require(kontext))
              .getMessage());
      UsePolicy.NON_COMMERCIAL.require(kontext);
    }
    UsePolicy.COMMERCIAL.require(klein);
  }

  @Test
  void combinesWithALora() {
    List<TrainingExample> examples = images(0, 2).stream()
        .map(image -> TrainingExample.of(image).caption("selfie of %s"))
        .toList();
    PersonToken token = new PersonToken("sks", "woman", "").consent(CONSENT);
    TrainingSettings settings =
        TrainingSettings.balanced().forBase(klein).steps(2).learningRate(0.1);
    try (LoraPerson lora = new LoraTrainer(settings)
        .train(klein, TrainingSet.ofExamples(examples, token), Run.silent())) {
      ReferenceImagesPerson both = ada().withLoraPerson(lora);
      assertEquals(
          "sks woman, the woman with glasses in image 1, image 2 and image 3", both.phrase());
      assertEquals("Ada: headshots", both.consent().orElseThrow().text());
      HeadshotStudio studio = HeadshotStudio.on(klein);
      Headshot shown = studio.shoot(both, ONE).headshots().get(0);
      ImageRequest own = shown.request();
      assertEquals(2, own.adapters().get(0).components().size());
      ImageRequest withoutLora = own.adapters(List.of());
      assertNotEquals(klein.generate(withoutLora).image(), shown.image(), "the LoRA counts");
      assertNotEquals(
          klein.generate(own.referenceImages(ReferenceImages.NONE)).image(),
          shown.image(),
          "the images count");
      assertThrows(
          IllegalArgumentException.class,
          () -> new ReferenceImagesPerson.Group(List.of(both, ben())));
    }
  }

  @Test
  void keepsFacesForTheGuidanceOfAStudioWithAnotherTrainer() {
    Path embedder = folder.resolve("auraface.onnx");
    GoldenResource.copy("/golden/iresnet/folded.onnx", embedder);
    Path decoder = PipelineFolder.write("klein/base", folder).path().resolve("vae");
    TrainingRequest request = TrainingRequest.of(selfies, CONSENT);
    try (FaceDetector detector = new CascadeDetector();
        FaceGuidance guidance =
            FaceGuidance.with(decoder, embedder, detector, UsePolicy.COMMERCIAL)) {
      HeadshotStudio studio =
          HeadshotStudio.on(klein).faceGuidance(guidance).trainer(PersonTrainer.on(klein));
      ReferenceImagesPerson ada = studio
          .trainer()
          .referenceImagesPerson(request, ReferencePhotos.DEFAULT.side(64), Run.silent());
      assertTrue(studio.usesFaceGuidance(ada));
    }
  }

  @Test
  void isServedByAQueue() {
    HeadshotStudio studio = HeadshotStudio.on(klein);
    List<Identity> people = List.of(ada(), ben());
    try (GenerationQueue queue =
        GenerationQueue.on(studio, GenerationQueue.Options.defaults().workers(2))) {
      List<Shoot> shoots = people.stream().map(one -> queue.shoot(one, ONE)).toList().stream()
          .map(job -> job.join())
          .toList();
      for (int i = 0; i < people.size(); i++) {
        assertEquals(
            studio.shoot(people.get(i), ONE).headshots().get(0).image(),
            shoots.get(i).headshots().get(0).image(),
            "person " + i);
      }
    }
    try (GenerationQueue tight = GenerationQueue.on(
        studio, GenerationQueue.Options.defaults().memoryBytes(studio.memoryBytes(ONE)))) {
      assertThrows(ResourceLimitException.class, () -> tight.shoot(people.get(0), ONE));
      GuidedPerson guided = new GuidedPerson(people.get(0), people.get(0)::at);
      assertThrows(ResourceLimitException.class, () -> tight.shoot(guided, ONE));
      ImageRequest plain = ImageRequest.of("a hat").steps(1).guidance(1).size(64, 64);
      assertEquals(64, tight.submit(plain).join().image().width());
      ImageRequest shown = plain.adapter(people.get(0).at(1));
      assertThrows(ResourceLimitException.class, () -> tight.submit(shown));
    }
  }

  @Test
  void isRefusedByABaseThatDoesNotEdit() {
    Path turbo = PipelineFolder.write("zimage/turbo", folder).path();
    ReferenceImagesPerson ada = ada();
    try (BaseModel zimage = BaseModel.open(turbo, Compute.EXACT)) {
      String refusal = assertThrows(
              InvalidInputException.class, () -> HeadshotStudio.on(zimage).shoot(ada, ONE))
          .getMessage();
      assertTrue(refusal.startsWith("the base turbo of the family zimage does not edit"), refusal);
    }
    assertFalse(ada.toString().contains("woman"), "it may be logged");
  }
}
