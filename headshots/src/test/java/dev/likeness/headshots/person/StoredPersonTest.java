package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtrasFile;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.OtherJvm;
import dev.likeness.headshots.GenerateProgram;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a person's file keeps, and that it draws the same images wherever it is opened. */
@ExtendWith(NoTensorLeaks.class)
class StoredPersonTest {
  @TempDir
  private static Path folder;

  private static Path baseFolder;
  private static BaseModel base;
  private static LoraPerson ada;
  private static Path file;

  @BeforeAll
  static void trainAda() {
    baseFolder = ModelExtrasFile.write(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
    base = GoldenFolder.load(baseFolder);
    RgbImage selfie = RgbImage.of(32, 32, new byte[32 * 32 * 3]);
    LoraPerson plain = new LoraTrainer(TrainingSettings.quick().steps(3))
        .train(
            base,
            List.of(selfie),
            PersonToken.of("woman").token("").consent("Ada: yes"),
            Run.silent());
    PersonProfile profile = PersonProfile.UNKNOWN
        .with(new PersonProfile.Trait(
            "skin", "fair skin", 0.8, PersonProfile.Trait.Source.BASE_MODEL))
        .withCorrection("glasses", "round glasses");
    ada = PersonRecord.EMPTY
        .withProfile(profile)
        .withGuidanceFaces(new FaceEmbeddings("guide", List.of(new float[] {1, 0})))
        .withFaces(new FaceEmbeddings("eye", List.of(new float[] {0.6f, -0.8f})))
        .addTo(plain);
    file = folder.resolve("ada.safetensors");
    ada.save(file);
    HeadshotStudio.on(base).shoot(ada, GenerateProgram.REQUEST);
  }

  @AfterAll
  static void close() {
    ada.close();
    base.close();
  }

  @Test
  void isNotLogged() {
    String logged = ada + " " + ada.personToken()
        + new IpAdapterPerson(
            null,
            Optional.of(ada),
            Optional.of(Consent.of("Ada")),
            "",
            IdentityStrength.DEFAULT,
            "",
            PersonRecord.of(ada));
    assertTrue(
        logged.contains("rank 16, 3 entries of metadata")
            && !logged.contains("Ada")
            && !logged.contains("glasses"),
        logged);
  }

  @Test
  void generatesTheSameImagesInAnotherJvm() throws Exception {
    Path out = folder.resolve("drawn");
    Process process = OtherJvm.command(List.of(), GenerateProgram.class, baseFolder, file, out)
        .inheritIO()
        .start();
    assertEquals(0, OtherJvm.exitOf(process));
    RgbImage here = HeadshotStudio.on(base)
        .shoot(ada, GenerateProgram.REQUEST)
        .headshots()
        .get(0)
        .image();
    assertArrayEquals(here.rgb(), Files.readAllBytes(out));
  }

  @Test
  void storesGuidanceFacesBesideMeasuredFaces() {
    try (LoraPerson opened = LoraPerson.open(file, base)) {
      FaceEmbeddings guide = PersonRecord.of(opened).guidanceFaces().orElseThrow();
      assertEquals("guide", guide.embedder());
      assertArrayEquals(new float[] {1, 0}, guide.vectors().get(0));
      assertEquals("eye", PersonRecord.of(opened).faces().orElseThrow().embedder());
    }
  }

  @Test
  void storesTheProfileWithCorrections() {
    try (LoraPerson opened = LoraPerson.open(file, base)) {
      PersonProfile profile = PersonRecord.of(opened).profile();
      assertEquals("a person with fair skin and round glasses", profile.phrase());
      assertEquals(PersonRecord.of(ada).profile(), profile);
      assertEquals(
          PersonProfile.Trait.Source.USER,
          profile.trait("glasses").orElseThrow().source());
      assertEquals("Ada: yes", opened.personToken().consent());
      assertEquals(ada.trainingSettings(), opened.trainingSettings());
    }
  }

  @Test
  void storesFacesWithTheirEmbedder() {
    try (LoraPerson opened = LoraPerson.open(file, base)) {
      FaceEmbeddings faces = PersonRecord.of(opened).faces().orElseThrow();
      assertEquals("eye", faces.embedder());
      assertArrayEquals(new float[] {0.6f, -0.8f}, faces.vectors().get(0));
    }
    assertEquals(
        Optional.empty(),
        PersonRecord.of(ada.withMetadata("likeness.faces", "")).faces());
    LoraPerson torn = ada.withMetadata("likeness.faces", "{");
    InvalidInputException refused =
        assertThrows(InvalidInputException.class, () -> PersonRecord.of(torn));
    assertEquals(
        "the file of the person has face embeddings (likeness.faces) that cannot be read;"
            + " train or encode the person again",
        refused.getMessage());
  }

  static Stream<Arguments> damaged() {
    float[] eye = {0.6f, -0.8f};
    return Stream.of(
        Arguments.of("of 0 photos, expected 1 to 1000", faces("eye")),
        Arguments.of(
            "of 9000 photos, expected 1 to 1000",
            faces("eye", Collections.nCopies(9000, eye).toArray(new float[0][]))),
        Arguments.of(
            "of 1001 photos, expected 1 to 1000",
            faces("eye", Collections.nCopies(1001, eye).toArray(new float[0][]))),
        Arguments.of(
            "of 2 and 3 numbers, expected the same number for each photo",
            faces("eye", eye, new float[] {1, 0, 0})),
        Arguments.of(
            "of 2 and 0 numbers, expected the same number for each photo",
            faces("eye", eye, new float[0])),
        Arguments.of(
            "of 0 and 0 numbers, expected the same number for each photo",
            faces("eye", new float[0])),
        Arguments.of(CUT_OFF, faces("eye", new float[] {0.6f})),
        Arguments.of(CUT_OFF, faces("eye", eye, new float[] {Float.NaN, 1})),
        Arguments.of(CUT_OFF, faces("eye", new float[] {Float.POSITIVE_INFINITY, 0})),
        Arguments.of(CUT_OFF, faces("eye", new float[] {3e38f, 3e38f})),
        Arguments.of(CUT_OFF, faces("eye", new float[] {0, 0})),
        Arguments.of(CUT_OFF, faces("eye", new float[] {1, 1})),
        Arguments.of("that cannot be read", "{"),
        Arguments.of("that cannot be read", "[]"),
        Arguments.of("that cannot be read", "{\"embedder\": \"eye\"}"),
        Arguments.of("that cannot be read", "{\"vectors\": [\"AACAPw==\"]}"),
        Arguments.of("that cannot be read", "{\"embedder\": 3, \"vectors\": [\"AACAPw==\"]}"),
        Arguments.of("that cannot be read", "{\"embedder\": \"eye\", \"vectors\": [null]}"),
        Arguments.of("that cannot be read", "{\"embedder\": \"eye\", \"vectors\": [[1, 0]]}"),
        Arguments.of("that cannot be read", "{\"embedder\": \"eye\", \"vectors\": [\"AACA\"]}"),
        Arguments.of("that cannot be read", "{\"embedder\": \"eye\", \"vectors\": [\"~\"]}"),
        Arguments.of("that cannot be read", "[".repeat(100_000)));
  }

  private static final String CUT_OFF = "that are not vectors of length 1, or are cut off";

  private static String faces(String embedder, float[]... vectors) {
    List<String> texts = Arrays.stream(vectors)
        .map(vector -> {
          ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(vector);
          return '"' + Base64.getEncoder().encodeToString(bytes.array()) + '"';
        })
        .toList();
    return "{\"embedder\": \"" + embedder + "\", \"vectors\": [" + String.join(", ", texts) + "]}";
  }

  @ParameterizedTest
  @MethodSource("damaged")
  void refusesDamagedFacesWhenAFileIsOpened(String fault, String note) throws IOException {
    for (String key : List.of("likeness.faces", "likeness.faces.guide")) {
      Path torn = folder.resolve("torn.safetensors");
      ada.withMetadata(key, note).save(torn);
      String expected = torn + " has face embeddings (" + key + ") " + fault
          + "; train or encode the person again";
      assertEquals(expected, refusal(() -> LoraPerson.open(torn, base)));
      assertEquals(expected, refusal(() -> Identity.open(torn, base)));
      assertEquals(expected, refusal(() -> IpAdapterPerson.matches(null, torn)));
      Files.delete(torn);
    }
  }

  private static String refusal(Executable action) {
    return assertThrows(InvalidInputException.class, action).getMessage();
  }

  @Test
  void opensAsManyFacesAsItWrites() {
    float[][] vectors = new float[1000][];
    Arrays.fill(vectors, new float[] {0.6f, 0.8f});
    Path many = folder.resolve("many.safetensors");
    ada.withMetadata("likeness.faces", faces("eye", vectors)).save(many);
    try (LoraPerson opened = LoraPerson.open(many, base)) {
      assertEquals(1000, PersonRecord.of(opened).faces().orElseThrow().vectors().size());
    }
  }

  /** Nothing else tells that a file was made with an embedder of another length. */
  @Test
  void refusesFacesOfAnotherNumberOfElementsThanTheirEmbedder() {
    FaceEmbeddings two = new FaceEmbeddings("eye", List.of(new float[] {0.6f, -0.8f}));
    for (int size : new int[] {1, 3, 128, 256, 512}) {
      FaceEmbedder eye = new SizedEmbedder("eye", size);
      assertEquals(
          "the person's file has face embeddings of 2 numbers, but the embedder eye makes " + size
              + "; train or encode the person again",
          refusal(() -> two.likeness(null, eye)));
      assertEquals(
          file + " has face embeddings of 2 numbers, but the embedder eye makes " + size
              + "; train or encode the person again",
          refusal(() -> two.requireLength(eye, file.toString())));
    }
    two.requireLength(new SizedEmbedder("eye", 2), "the file");
  }

  private record SizedEmbedder(String name, int size) implements FaceEmbedder {
    @Override
    public float[] embed(RgbImage image, Face face) {
      return new float[size];
    }

    @Override
    public OptionalInt embeddingLength() {
      return OptionalInt.of(size);
    }

    @Override
    public double samePersonThreshold() {
      return 0.3;
    }

    @Override
    public void close() {}
  }

  @Test
  void embeddingsMadeInAProgramAreCheckedToo() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new FaceEmbeddings("eye", List.of(new float[] {1, 0}, new float[] {bad, 0})));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new FaceEmbeddings("eye", List.of(new float[] {1, 0}, new float[] {1})));
  }

  @Test
  void usesTheCorrectedProfileInItsPhrase() {
    PersonProfile profile =
        PersonRecord.of(ada).profile().withCorrection("sex", "woman").withCorrection("glasses", "");
    LoraPerson corrected = HeadshotStudio.on(base).trainer().withProfile(ada, profile);
    assertEquals("a woman with fair skin", corrected.phrase());
    assertEquals("Ada: yes", corrected.personToken().consent());
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> profile.withCorrection("nose", "long"));
    assertEquals(
        "unknown trait \"nose\"; known: sex, age, skin, hair, colour, beard, glasses, marks",
        refused.getMessage());
  }

  @Test
  void coloursHairThatTheUserNamesWithoutAPlaceForIt() {
    PersonProfile red =
        PersonProfile.UNKNOWN.withCorrection("sex", "woman").withCorrection("colour", "red");
    assertEquals(
        "a woman with long red hair", red.withCorrection("hair", "long hair").phrase());
    assertEquals("a woman with a red bob", red.withCorrection("hair", "a bob").phrase());
    assertEquals(
        "a woman with a green mohawk",
        red.withCorrection("hair", "a green mohawk").phrase());
  }

  @Test
  void omitsUncertainTraits() {
    PersonProfile unsure = PersonProfile.UNKNOWN.with(
        new PersonProfile.Trait("skin", "fair skin", 0.4, PersonProfile.Trait.Source.PHOTOS));
    assertEquals("a person", unsure.phrase());
  }

  @Test
  void reportsThatItWasTrainedOnAnotherBase() {
    assertEquals(Optional.empty(), ada.baseMismatch(base));
    assertTrue(new LoraPerson(ada.lora(), ada.personToken(), "sdxl", "", Map.of())
        .baseMismatch(base)
        .orElseThrow()
        .startsWith("the person was trained on sdxl and is used with " + base.name()));
  }
}
