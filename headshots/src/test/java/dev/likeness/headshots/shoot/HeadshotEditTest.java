package dev.likeness.headshots.shoot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.diffusion.internal.imagefile.XmpPacket;
import dev.likeness.diffusion.internal.model.ModelExtrasFile;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.internal.marking.XmpMarking;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.internal.image.Luma;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadshotEditTest {
  private static final int SIDE = 32;

  @TempDir
  private static Path folder;

  private static BaseModel base;
  private static LoraPerson ada;
  private static Headshot headshot;
  private static FaceDetector detector;

  @BeforeAll
  static void prepare() {
    detector = new CascadeDetector();
    Path files =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    base = GoldenFolder.load(ModelExtrasFile.write(files));
    ada = new LoraTrainer(TrainingSettings.quick().steps(2))
        .train(
            base,
            List.of(RgbImage.of(SIDE, SIDE, new byte[SIDE * SIDE * 3])),
            PersonToken.of("woman").consent("Ada: yes"),
            Run.silent());
    headshot = HeadshotStudio.on(base)
        .shoot(ada, ShootRequest.of(Style.named("studio"), 1).steps(3))
        .headshots()
        .get(0);
  }

  @AfterAll
  static void close() {
    detector.close();
    ada.close();
    base.close();
  }

  @Test
  void replacesTheWordsOfAPart() {
    Style style = Style.named("studio");
    String prompt = style.prompt("Ada", 1);
    assertEquals(
        "studio portrait of Ada, wearing a navy suit and tie, neutral expression, rembrandt"
            + " lighting, charcoal "
            + "background",
        prompt);
    String formal = Style.Part.OUTFIT.replaceIn(prompt, style, "a red hoodie");
    assertEquals(prompt.replace("a navy suit and tie", "a red hoodie"), formal);
    assertEquals(
        prompt.replace("rembrandt lighting", "golden hour"),
        Style.Part.LIGHT.replaceIn(prompt, style, "golden hour"));
    assertEquals("Ada, smiling", Style.Part.EXPRESSION.replaceIn("Ada", style, "smiling"));
    HeadshotEdit both =
        HeadshotEdit.of(Style.Part.BACKDROP, "park").with(Style.Part.EXPRESSION, "laughing");
    assertEquals(
        "studio portrait of Ada, wearing a navy suit and tie, laughing, rembrandt lighting, park",
        both.prompt(Headshot.of(headshot.image(), style, "Ada").prompt(prompt)));
  }

  @Test
  void keepsEverythingOutsideTheMaskToThePixel() {
    HeadshotEdit.Result edited = edit(HeadshotEdit.inMask(right(SIDE), "a scarf"));
    RgbImage before = headshot.image();
    RgbImage after = edited.after().image();
    assertEquals(before.crop(0, 0, SIDE / 2, SIDE), after.crop(0, 0, SIDE / 2, SIDE));
    assertNotEquals(
        before.crop(SIDE / 2, 0, SIDE / 2, SIDE), after.crop(SIDE / 2, 0, SIDE / 2, SIDE));
    assertEquals(0.5, edited.changedShare());
    assertTrue(edited.after().request().prompt().endsWith(", a scarf"));
    assertEquals(
        after, edit(HeadshotEdit.inMask(right(SIDE), "a scarf")).after().image());
    assertNotEquals(
        after, edit(HeadshotEdit.inMask(right(SIDE), "a scarf").seed(1)).after().image());
    assertTrue(edited.comparison().width() > 3 * edited.comparison().height() / 2);
  }

  @Test
  void keepsBlackAndWhiteWithoutColours() {
    HeadshotStudio studio = HeadshotStudio.on(base);
    Headshot gray = studio
        .shoot(ada, ShootRequest.of(Style.named("black-and-white"), 1).steps(3))
        .headshots()
        .get(0);
    Face face = new Face(
        new BoundingBox(8, 8, 16, 16), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
    Headshot redrawn = studio.regenerateFace(ada, gray, face, 0.7, Run.silent());
    Headshot edited = studio
        .detector(detector)
        .edit(ada, gray, HeadshotEdit.inMask(right(SIDE), "a red scarf"), Run.silent())
        .after();
    for (Headshot again : List.of(redrawn, edited)) {
      assertNotEquals(gray.image(), again.image());
      assertEquals(Luma.of(again.image()).toImage(), again.image());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void regeneratesAFaceOfFewSteps(int steps) {
    HeadshotStudio studio = HeadshotStudio.on(base);
    Headshot quick = studio
        .shoot(ada, ShootRequest.of(Style.named("studio"), 1).steps(steps))
        .headshots()
        .get(0);
    Face face = new Face(
        new BoundingBox(8, 8, 16, 16), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
    assertNotEquals(
        quick.image(),
        studio.regenerateFace(ada, quick, face, 0.45, Run.silent()).image());
  }

  @Test
  @Tag("slow")
  void regeneratesAFaceAtItsSize() {
    int side = 8 * SIDE;
    Headshot large =
        Headshot.of(Resampler.CUBIC.resize(headshot.image(), side, side), headshot.style(), "Ada");
    BoundingBox box = new BoundingBox(80, 80, 96, 96);
    Face face = new Face(box, 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
    RgbImage redrawn = HeadshotStudio.on(base)
        .regenerateFace(ada, large, face, 0.7, Run.silent())
        .image();
    int repeated = 0;
    for (int i = 0; i < 96 * 96; i++) {
      int x = 80 + i % 96;
      int y = 80 + i / 96;
      repeated += redrawn.at(x, y, 1) == redrawn.at(x + 1, y, 1)
              && redrawn.at(x, y, 1) == redrawn.at(x, y + 1, 1)
          ? 1
          : 0;
    }
    // Drawn at the base's 32 pixels and enlarged, two thirds of them would repeat their neighbours.
    assertTrue(repeated < 96 * 96 / 3, repeated + " pixels of the face repeat their neighbours");
    assertNotEquals(large.image(), redrawn);
  }

  @Test
  void upscalesEditedRegionsAsTheStudioDoes() {
    int side = 3 * SIDE;
    Headshot large = Headshot.of(
            Resampler.CUBIC.resize(headshot.image(), side, side), headshot.style(), "Ada")
        .steps(2);
    List<String> sizes = new ArrayList<>();
    HeadshotStudio studio = HeadshotStudio.on(base).upscaler((image, width, height) -> {
      sizes.add(width + "x" + height);
      return Upscaler.CUBIC.upscale(image, width, height);
    });
    studio
        .detector(detector)
        .edit(ada, large, HeadshotEdit.inMask(right(side), "a scarf"), Run.silent());
    assertEquals(List.of("96x96"), sizes);
  }

  @Test
  void changesTheLightWithinAMaskWithoutAFace() {
    HeadshotEdit light =
        HeadshotEdit.inMask(right(SIDE), "").with(Style.Part.LIGHT, "window light");
    RgbImage after = edit(light).after().image();
    assertEquals(headshot.image().crop(0, 0, SIDE / 2, SIDE), after.crop(0, 0, SIDE / 2, SIDE));
    assertNotEquals(headshot.image(), after);
  }

  @Test
  void generatesMarginsAroundTheHeadshot() {
    HeadshotEdit.Result extended = edit(HeadshotEdit.extend(8, 0, 8, 16));
    RgbImage sheet = extended.comparison();
    // In cells of 512 pixels at 32 and 576, the original is as much smaller as it has fewer pixels.
    assertEquals(0xFA, sheet.at(32 + 400, 72 + 200, 0), "beside the original is paper");
    assertNotEquals(0xFA, sheet.at(576 + 400, 72 + 200, 0), "the extended image fills its cell");
    RgbImage after = extended.after().image();
    assertEquals("48x48 image", after.toString());
    assertEquals(headshot.image().crop(4, 0, 24, 28), after.crop(12, 0, 24, 28));
  }

  @Test
  void refusesImpossibleEdits() {
    assertEquals(
        "no face was found in the headshot, so its parts cannot be located; give a mask of the"
            + " region to change",
        assertThrows(InvalidInputException.class, () -> edit(HeadshotEdit.smile()))
            .getMessage());
    assertEquals(
        "the mask has 16x16 pixels and the headshot 32x32; give a mask of the headshot's size",
        assertThrows(InvalidInputException.class, () -> edit(HeadshotEdit.inMask(right(16), "")))
            .getMessage());
    assertEquals(
        "nothing to edit; give a mask, margins, or words for a part",
        assertThrows(IllegalArgumentException.class, () -> HeadshotEdit.extend(0, 0, 0, 0))
            .getMessage());
    assertEquals(
        "the words of an edit are empty; describe the new part, such as a navy blazer",
        assertThrows(IllegalArgumentException.class, () -> HeadshotEdit.of(Style.Part.OUTFIT, " "))
            .getMessage());
    assertEquals(
        "margins must be 0 to 4096 pixels, got left 4097, top 0, right 0, bottom 0",
        assertThrows(IllegalArgumentException.class, () -> HeadshotEdit.extend(4097, 0, 0, 0))
            .getMessage());
    assertEquals(
        "the extended headshot would have 4128x32 pixels, and a side may have at most 4096;"
            + " give smaller margins",
        assertThrows(InvalidInputException.class, () -> edit(HeadshotEdit.extend(4096, 0, 0, 0)))
            .getMessage());
  }

  @Test
  void saysInItsFileThatItWasEdited() throws IOException {
    Face face = new Face(
        new BoundingBox(8, 8, 16, 16), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
    Headshot photo = Headshot.of(headshot.image(), headshot.style(), "Ada")
        .prompt("a photo of Ada")
        .steps(3);
    Path file = folder.resolve("scarf.png");
    Headshot edited = edit(HeadshotEdit.inMask(right(SIDE), "a scarf")).after();
    GeneratedImage.Marking own = new XmpMarking()::encode;
    edited.write(file, own);
    for (byte[] bytes : List.of(
        edited.encodePng(),
        edited.encode(ImageFormat.JPEG),
        Files.readAllBytes(file),
        photo.encodePng(),
        Headshot.read(file, "Ada").encodePng(),
        HeadshotStudio.on(base)
            .regenerateFace(ada, photo, face, 0.7, Run.silent())
            .encodePng())) {
      assertEquals(DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA.uri(), source(bytes));
    }
    assertEquals(DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA.uri(), source(headshot.encodePng()));
  }

  private static String source(byte[] file) {
    return XmpPacket.parse(ImageFile.of(file).orElseThrow().xmp().orElseThrow())
        .sourceType()
        .orElseThrow();
  }

  @Test
  void readsAHeadshotWithTheBasesOwnSteps() throws IOException {
    Headshot plain = new Headshot(
        headshot.image(), headshot.style(), 7, ImageRequest.of("a photo of Ada").seed(7), 1);
    Path own = Files.createDirectory(folder.resolve("own-steps"));
    Path file = own.resolve(Headshot.fileName(0));
    plain.write(file);
    Shoot shoot = new Shoot(ShootRequest.of(plain.style(), 1), List.of(plain));
    ShootRecord.of(base, ada, shoot).write(own.resolve(ShootRecord.FILE));
    Headshot read = Headshot.read(file, "nobody");
    assertEquals("a photo of Ada", read.request().prompt());
    assertTrue(read.request().steps().isEmpty());
    assertTrue(read.request().guidance().isEmpty());
  }

  @Test
  void readsTheRequestOfAHeadshot() throws IOException {
    headshot.write(folder.resolve(Headshot.fileName(0)));
    Shoot shoot = new Shoot(ShootRequest.of(Style.named("studio"), 1), List.of(headshot));
    ShootRecord.of(base, ada, shoot).write(folder.resolve(ShootRecord.FILE));
    Headshot read = Headshot.read(folder.resolve(Headshot.fileName(0)), "nobody");
    assertEquals(headshot.request().prompt(), read.request().prompt());
    assertEquals(
        Map.of(3, "studio"),
        Map.of(read.request().steps().getAsInt(), read.style().name()));
    Path copy = folder.resolve("headshot-001.jpg");
    Files.write(copy, headshot.encode(ImageFormat.JPEG));
    assertEquals(
        headshot.request().prompt(), Headshot.read(copy, "nobody").request().prompt());
    Path alone = folder.resolve("alone.png");
    headshot.write(alone);
    assertEquals(
        "studio portrait of sks woman",
        Headshot.read(alone, "sks woman").request().prompt());
  }

  @Test
  void readsWordsOfACustomStyleAndOfTheLastEdit() throws IOException {
    Path own = Files.createDirectories(folder.resolve("own"));
    Files.writeString(own.resolve("styles.json"), """
        [{"name": "noir", "opening": "portrait", "wardrobe": ["a trench coat"], "expressions": ["calm"],
          "lights": ["hard light"], "backdrops": ["a venetian blind"], "negative": "colours", "monochrome": true}]
        """);
    Style noir = Style.read(own.resolve("styles.json")).get(0);
    HeadshotStudio studio = HeadshotStudio.on(base);
    Shoot shoot = studio.shoot(ada, ShootRequest.of(noir, 1).steps(3).seed((1L << 62) + 1));
    Path file = own.resolve(Headshot.fileName(0));
    shoot.headshots().get(0).write(file);
    ShootRecord.of(base, ada, shoot).write(own.resolve(ShootRecord.FILE));
    Headshot read = Headshot.read(file, "nobody");
    assertEquals(
        "noir, true, colours, " + ((1L << 62) + 1),
        read.style().name() + ", " + read.style().isMonochrome() + ", "
            + read.request().negative() + ", " + read.seed());
    HeadshotEdit hoodie =
        HeadshotEdit.inMask(right(SIDE), "").with(Style.Part.OUTFIT, "a hoodie, unzipped");
    Headshot edited =
        studio.detector(detector).edit(ada, read, hoodie, Run.silent()).after();
    assertEquals(
        "portrait of sks woman, wearing a hoodie, unzipped, calm, hard light, a venetian blind",
        edited.request().prompt());
    Path again = own.resolve("edited.png");
    edited.write(again);
    Files.writeString(
        own.resolve(HeadshotEdit.Result.FILE),
        JSON.std.asString(Map.of("after", edited.toMap("edited.png"))));
    HeadshotEdit kimono =
        HeadshotEdit.of(Style.Part.OUTFIT, "a kimono").with(Style.Part.LIGHT, "dusk");
    assertEquals(
        "portrait of sks woman, wearing a kimono, calm, dusk, a venetian blind",
        kimono.prompt(Headshot.read(again, "nobody")));
    assertTrue(Headshot.read(again, "nobody").style().isMonochrome());
  }

  @Test
  void namesTheBrokenRecord() throws IOException {
    Path broken = Files.createDirectories(folder.resolve("broken"));
    headshot.write(broken.resolve("edited.png"));
    Path record = Files.writeString(
        broken.resolve(HeadshotEdit.Result.FILE),
        "{\"after\": {\"file\": \"edited.png\", \"prompt\": \"a man\", \"likeness\": 7}}");
    assertEquals(
        "cannot read " + record
            + ": the identity strength must be in 0..1, got 7.0;"
            + " edit a copy of the image in another folder",
        assertThrows(
                InvalidInputException.class, () -> Headshot.read(broken.resolve("edited.png"), "x"))
            .getMessage());
    for (String json : List.of("{\"\u001b[2J", "{\"after\": \u0007", "[".repeat(2000))) {
      Files.writeString(record, json);
      String said = assertThrows(
              InvalidInputException.class, () -> Headshot.read(broken.resolve("edited.png"), "x"))
          .getMessage();
      assertTrue(said.startsWith("cannot read " + record + ": "), said);
      assertTrue(said.codePoints().noneMatch(Quoted::isHidden), said);
    }
    for (String json : List.of("null", "{}", "{\"headshots\": 1, \"after\": null}")) {
      Files.writeString(record, json);
      assertEquals(
          "studio portrait of x",
          Headshot.read(broken.resolve("edited.png"), "x").request().prompt());
    }
  }

  private static HeadshotEdit.Result edit(HeadshotEdit edit) {
    return HeadshotStudio.on(base).detector(detector).edit(ada, headshot, edit, Run.silent());
  }

  private static RgbImage right(int side) {
    byte[] white = new byte[side * side * 3];
    for (int i = 0; i < white.length; i++) {
      white[i] = (byte) (i / 3 % side >= side / 2 ? 255 : 0);
    }
    return RgbImage.of(side, side, white);
  }
}
