package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.opencv.Onnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --identity references} on tiny bases that edit images. */
class ReferenceImagesPersonCommandTest {
  private static final String CONSENT = "nobody real";

  @TempDir
  private static Path shared;

  private static Path klein;
  private static Path ada;
  private static Path two;
  private static Path out;
  private static CommandResult first;

  @TempDir
  private Path folder;

  @BeforeAll
  static void makesABaseAndTakesPhotos() {
    klein = PipelineFolder.write("klein/base", shared).path();
    Path people = shared.resolve("people");
    ada = Selfies.of("5000000001", 4, people);
    two = Selfies.of("5000000001", 2, shared.resolve("two"));
    out = shared.resolve("out");
    first = fromPhotos(ada, out, "--identity", "references", "--reference-size", "64");
  }

  /** Another person's file, of painted images. */
  private static Path eve(Path folder) {
    Path file = folder.resolve("eve.safetensors");
    try (BaseModel base = BaseModel.open(klein, Compute.EXACT)) {
      ReferenceImagesPerson.of(base, List.of(painted(80), painted(160)), PersonRecord.EMPTY)
          .withConsent(Consent.of("Eve: yes"))
          .save(file);
    }
    return file;
  }

  private static RgbImage painted(int shade) {
    byte[] rgb = new byte[3 * 64 * 64];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (shade + i % 64);
    }
    return RgbImage.of(64, 64, rgb);
  }

  private static CommandResult run(String command, Path base, Path out, String... more) {
    List<String> all =
        new ArrayList<>(List.of(command, "--base", base.toString(), "--dtype", "f32"));
    all.addAll(List.of("--device", "cpu", "--out", out.toString()));
    all.addAll(List.of(more));
    return CommandResult.of(all.toArray(String[]::new));
  }

  private static CommandResult headshot(Path base, Path out, String... more) {
    List<String> all = new ArrayList<>(List.of(more));
    all.addAll(List.of("--style", "studio", "--steps", "2", "--guidance", "1", "--size", "64"));
    return run("headshot", base, out, all.toArray(String[]::new));
  }

  private static CommandResult fromPhotos(Path photos, Path out, String... more) {
    return headshot(
        klein,
        out,
        Stream.concat(
                Stream.of("--photos", photos.toString(), "--consent", CONSENT), Stream.of(more))
            .toArray(String[]::new));
  }

  private static byte[] headshotIn(Path out) {
    return RgbImage.read(out.resolve("headshot-001.png")).rgb();
  }

  @Test
  void generatesFromPhotosAndAgainFromTheFile() throws IOException {
    assertEquals(0, first.status(), first.err());
    Path file = out.resolve("person-references.safetensors");
    assertTrue(
        first
            .err()
            .contains(file + " contains 3 images from the photos, unencrypted: protect it like the"
                + " photos; --store DIR encrypts it"),
        first.err());
    assertEquals(
        List.of(
            "contact-sheet.png",
            "headshot-001.png",
            "person-references.safetensors",
            "record.json",
            "report.html"),
        TinyBase.namesIn(out));
    Map<String, Object> record = JSON.std.mapFrom(Files.readString(out.resolve("record.json")));
    Map<?, ?> person = (Map<?, ?>) record.get("person");
    assertEquals(3, person.get("reference_images"));
    assertEquals(CONSENT, person.get("consent"));
    assertEquals(
        "Nothing was trained; the images were made with 3 reference images of the person.",
        record.get("source"));
    String prompt =
        ((Map<?, ?>) ((List<?>) record.get("headshots")).get(0)).get("prompt").toString();
    assertTrue(
        prompt.startsWith("Keep the face exactly as in image 1, image 2 and image 3; do not"),
        prompt);
    Path again = folder.resolve("again");
    CommandResult second =
        headshot(klein, again, "--person", file.toString(), "--identity", "references");
    assertEquals(0, second.status(), second.err());
    assertArrayEquals(headshotIn(out), headshotIn(again));
    changesTheHeadshot();
  }

  private void changesTheHeadshot() {
    Path black = folder.resolve("mask.png");
    RgbImage.of(64, 64, new byte[64 * 64 * 3]).writePng(black);
    CommandResult edited = run(
        "edit",
        klein,
        folder.resolve("edited"),
        out.resolve("headshot-001.png").toString(),
        "--person",
        out.resolve("person-references.safetensors").toString(),
        "--identity",
        "references",
        "--outfit",
        "a red hoodie",
        "--mask",
        black.toString());
    assertEquals(0, edited.status(), edited.err());
    assertArrayEquals(
        headshotIn(out),
        RgbImage.read(folder.resolve("edited/edited.png")).rgb(),
        "a black mask leaves everything");
  }

  @Test
  void replacesItsFileByTheSamePhotosAlone() throws IOException {
    Path file = folder.resolve("person-references.safetensors");
    Files.copy(out.resolve("person-references.safetensors"), file);
    byte[] before = Files.readAllBytes(file);
    CommandResult other =
        fromPhotos(two, folder, "--identity", "references", "--reference-size", "64");
    assertEquals(3, other.status(), other.err());
    assertEquals(
        List.of(file + " was made from other photos or with other options, and is not replaced;"
            + " give another --out, or move this file away"),
        other.errorLines());
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  @Test
  void neverJudgesByReferences() throws IOException {
    PhotoReview review = PhotoReview.of(PhotoSet.from(ada));
    try (BaseModel base = BaseModel.open(klein, Compute.EXACT)) {
      ReferencePhotos options = ReferencePhotos.DEFAULT.side(64);
      ReferencePhotos.Choice choice = options.choose(review, base);
      ReferenceImagesPerson kept =
          ReferenceImagesPerson.open(out.resolve("person-references.safetensors"), base);
      assertEquals(options.images(choice.references(), base), kept.images());
      assertTrue(options.matches(kept, review, base));
      assertFalse(choice.others().isEmpty());
      for (AcceptedPhoto judge : choice.others()) {
        assertFalse(choice.references().contains(judge), judge.name());
        assertFalse(kept.images().contains(options.images(List.of(judge), base).get(0)));
      }
      assertEquals(choice.others().size(), kept.record().traits().size());
    }
  }

  @Test
  void showsTwoPeopleInOneImage() throws IOException {
    Path both = folder.resolve("both");
    CommandResult run = headshot(
        klein,
        both,
        "--identity",
        "references",
        "--person",
        out.resolve("person-references.safetensors").toString(),
        "--with",
        eve(folder).toString());
    assertEquals(0, run.status(), run.err());
    Map<String, Object> record = JSON.std.mapFrom(Files.readString(both.resolve("record.json")));
    Map<?, ?> person = (Map<?, ?>) record.get("person");
    assertEquals(2, ((List<?>) person.get("people")).size());
    assertEquals(
        "the person in image 1, image 2 and image 3 and the person in image 4 and image 5",
        person.get("phrase"));
    assertEquals(
        "Nothing was trained; the images show 2 people from reference images.",
        record.get("source"));
    assertTrue(
        Files.readString(both.resolve("report.html")).contains("Nothing has checked whether"));
  }

  /** A person's file with a face embedding. */
  private Path withFace(String name, String embedder, int shade) {
    Path file = folder.resolve(name);
    float[] face = new float[112 * 112];
    face[0] = 1;
    PersonRecord record = PersonRecord.EMPTY.withFaces(new FaceEmbeddings(embedder, List.of(face)));
    try (BaseModel base = BaseModel.open(klein, Compute.EXACT)) {
      ReferenceImagesPerson.of(base, List.of(painted(shade)), record)
          .withConsent(Consent.of("yes"))
          .save(file);
    }
    return file;
  }

  @Test
  void judgesTwoPeopleIfEachFileHasFacesOfTheEmbedder() throws IOException {
    Path network =
        Files.write(folder.resolve("sface.onnx"), Onnx.pointwise(112, new float[] {1, 0, -1}));
    String name;
    try (ReviewTools tools =
        ReviewTools.builtIn().withEmbedder(network, UsePolicy.NON_COMMERCIAL)) {
      name = tools.embedder().orElseThrow().name();
    }
    Path ann = withFace("ann.safetensors", name, 40);
    Path out = folder.resolve("judged");
    CommandResult judged = together(out, network, ann, withFace("bob.safetensors", name, 90));
    assertEquals(0, judged.status(), judged.err());
    assertTrue(Files.readString(out.resolve("report.html"))
        .contains("A face recognition network has compared every image with the photos."));
    CommandResult other = together(out, network, ann, eve(folder), "--overwrite", "--keep", "1");
    assertTrue(
        other
            .err()
            .contains("--keep does not use likeness: not every person's file has face embeddings"
                + " of " + name + "; make the files again with --embedder"),
        other.err());
  }

  private static CommandResult together(
      Path out, Path embedder, Path first, Path second, String... more) {
    List<String> all = new ArrayList<>(List.of("--identity", "references"));
    all.addAll(List.of("--person", first.toString(), "--with", second.toString()));
    all.addAll(List.of("--embedder", embedder.toString()));
    all.addAll(List.of(more));
    return headshot(klein, out, all.toArray(String[]::new));
  }

  @Test
  void combinesALoraAndReferences() throws IOException {
    Path trained = folder.resolve("trained");
    CommandResult run = fromPhotos(
        Selfies.reduced(Selfies.of("5000000001", 2, folder.resolve("people"))),
        trained,
        "--identity",
        "lora+references",
        "--reference-size",
        "64",
        "--train-steps",
        "1");
    assertEquals(0, run.status(), run.err());
    assertTrue(TinyBase.namesIn(trained)
        .containsAll(List.of("person.safetensors", "person-references.safetensors")));
    Path again = folder.resolve("again");
    CommandResult second = headshot(
        klein,
        again,
        "--person",
        trained.resolve("person.safetensors").toString(),
        "--identity",
        "lora+references");
    assertEquals(0, second.status(), second.err());
    assertArrayEquals(headshotIn(trained), headshotIn(again));
  }

  @Test
  void keepsReferencesInAStoreUntilThePersonIsErased() {
    Path store = folder.resolve("store");
    List<String> vault =
        List.of("--store", store.toString(), "--key", folder.resolve("key.txt").toString());
    Path stored = folder.resolve("stored");
    CommandResult run = fromPhotos(
        two,
        stored,
        Stream.concat(
                vault.stream(), Stream.of("--identity", "references", "--reference-size", "64"))
            .toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    String id = run.err()
        .lines()
        .filter(line -> line.startsWith("stored as "))
        .findFirst()
        .orElseThrow()
        .substring(10, 42);
    assertFalse(Files.exists(stored.resolve("person-references.safetensors")));
    String[] again = Stream.concat(
            vault.stream(), Stream.of("--identity", "references", "--person", id))
        .toArray(String[]::new);
    CommandResult second = headshot(klein, folder.resolve("again"), again);
    assertEquals(0, second.status(), second.err());
    assertArrayEquals(headshotIn(stored), headshotIn(folder.resolve("again")));
    String[] erase =
        Stream.concat(Stream.of("people", "erase", id), vault.stream()).toArray(String[]::new);
    assertEquals(0, CommandResult.of(erase).status());
    CommandResult erased = headshot(klein, folder.resolve("erased"), again);
    assertEquals(3, erased.status(), erased.err());
    assertFalse(Files.exists(folder.resolve("erased/headshot-001.png")));
  }

  @Test
  void refusesByNameABaseThatDoesNotEdit() {
    Path turbo = PipelineFolder.write("zimage/turbo", folder).path();
    CommandResult run = headshot(
        turbo,
        folder.resolve("out"),
        "--person",
        out.resolve("person-references.safetensors").toString(),
        "--identity",
        "references");
    assertEquals(3, run.status(), run.err());
    assertEquals(
        "the base turbo of the family zimage does not edit images, so it accepts no reference"
            + " images of a person; use a base that edits images, or train the person",
        run.errorLines().get(run.errorLines().size() - 1));
    CommandResult edited = run(
        "edit",
        turbo,
        folder.resolve("edited"),
        out.resolve("headshot-001.png").toString(),
        "--person",
        "0".repeat(32),
        "--store",
        folder.resolve("store").toString(),
        "--identity",
        "references",
        "--outfit",
        "a red hoodie");
    assertEquals(
        run.errorLines().get(run.errorLines().size() - 1),
        edited.errorLines().get(edited.errorLines().size() - 1));
  }

  @Test
  void refusesByNameABaseThatIsNotForCommercialUse() throws IOException {
    Path large = withTextOf9B(PipelineFolder.write("klein/base", folder).path());
    String[] options = {
      "--person",
      out.resolve("person-references.safetensors").toString(),
      "--identity",
      "references",
      "--commercial"
    };
    CommandResult run = headshot(large, folder.resolve("out"), options);
    assertEquals(3, run.status(), run.err());
    assertEquals(
        "the base base has the weights of FLUX.2 klein 9B, whose licence (FLUX Non-Commercial"
            + " License) forbids commercial use; use a base whose licence allows it",
        run.errorLines().get(run.errorLines().size() - 1));
    CommandResult small = headshot(klein, folder.resolve("small"), options);
    assertEquals(0, small.status(), small.err());
  }

  @Test
  void refusesOptionsWithoutEffect() {
    for (String[] options : new String[][] {
      {"--reference-size", "64"}, {"--reference-crop", "face"}, {"--reference-count", "2"}
    }) {
      CommandResult run = fromPhotos(ada, out, options);
      assertEquals(2, run.status(), run.err());
      assertTrue(
          run.err()
              .contains(options[0] + " needs --photos and --identity references or lora+references;"
                  + " leave it out"),
          run.err());
    }
    assertTrue(fromPhotos(ada, out, "--with", "x.safetensors")
        .err()
        .contains("--with needs --identity references"));
    assertTrue(fromPhotos(ada, out, "--identity", "references", "--reference-crop", "feet")
        .err()
        .contains("unknown crop \"feet\"; known: shoulders, face, whole"));
    assertTrue(fromPhotos(ada, out, "--identity", "references", "--reference-count", "11")
        .err()
        .contains("--reference-count must be a whole number from 1 to 10, got 11"));
  }

  /** Widens the language model to the width of Qwen3 8B, by which klein 9B is known. */
  private static Path withTextOf9B(Path base) throws IOException {
    Path text = base.resolve("text_encoder");
    replace(text.resolve("config.json"), "\"hidden_size\": 16", "\"hidden_size\": 4096");
    replace(
        base.resolve("transformer/config.json"),
        "\"joint_attention_dim\": 48",
        "\"joint_attention_dim\": 12288");
    widen(text.resolve("model.safetensors"), 16, 4096);
    widen(base.resolve("transformer/diffusion_pytorch_model.safetensors"), 48, 12288);
    return base;
  }

  private static void replace(Path file, String from, String to) throws IOException {
    String json = Files.readString(file);
    assertTrue(json.contains(from), file + " has no " + from);
    Files.writeString(file, json.replace(from, to));
  }

  /** Replaces tensors by zeros in which the sides for hidden features are wider. */
  private static void widen(Path file, long from, long to) {
    Map<String, Tensor> tensors = new HashMap<>();
    try (TensorScope scope = TensorScope.open();
        Safetensors old = Safetensors.open(file)) {
      for (String name : old.names()) {
        long[] shape = old.shape(name);
        boolean queries = name.contains("q_proj");
        boolean outputs = name.contains("o_proj");
        boolean context = from == 48;
        for (int axis = 0; axis < shape.length; axis++) {
          boolean hidden = context
              ? name.startsWith("context_embedder")
              : !(queries && axis == 0 || outputs && axis == 1);
          shape[axis] = hidden && shape[axis] == from ? to : shape[axis];
        }
        tensors.put(name, torch.zeros(shape));
      }
      SafetensorsWriter.write(file, tensors, Map.of("format", "pt"));
    }
  }
}
