package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.photos.opencv.Onnx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Folders with photos of two people: selfies of one, and selfies of another with red and blue
 * exchanged. The embedder is the difference of red and blue, so it tells them apart.
 */
class MixedPhotosTest {
  private static final String QUESTION =
      "the photos seem to show 2 people (1: ada-1.png, ada-3.png; 2: bob-1.png,"
          + " bob-3.png); give a photo of the wanted person: --who FILE,"
          + " or PhotoReview.withPersonIn in Java";
  private static final String UNCLEAR =
      "the photos seem to show 2 people; give a photo of the wanted person: --who FILE";

  @TempDir
  private static Path shared;

  private static Path photos;
  private static Path other;
  private static Path embedder;
  private static Path base;

  @TempDir
  private Path folder;

  @BeforeAll
  static void copyPhotos() throws IOException {
    photos = Files.createDirectories(shared.resolve("mixed"));
    Path ada = Selfies.of("5000000001", 4, shared.resolve("people"));
    Path bob = Selfies.of("5000000777", 3, shared.resolve("people"));
    for (int i = 1; i <= 3; i += 2) {
      RgbImage.read(ada.resolve("selfie-0" + i + ".jpg"))
          .writePng(photos.resolve("ada-" + i + ".png"));
    }
    for (int i = 1; i <= 3; i += 2) {
      exchanged(RgbImage.read(bob.resolve("selfie-0" + i + ".jpg")))
          .writePng(photos.resolve("bob-" + i + ".png"));
    }
    other = ada.resolve("selfie-04.jpg");
    embedder =
        Files.write(shared.resolve("sface.onnx"), Onnx.pointwise(112, new float[] {1, 0, -1}));
    base = TinyBase.in(shared);
  }

  private static RgbImage exchanged(RgbImage image) {
    byte[] rgb = image.rgb();
    for (int i = 0; i < rgb.length; i += 3) {
      byte red = rgb[i];
      rgb[i] = rgb[i + 2];
      rgb[i + 2] = red;
    }
    return RgbImage.of(image.width(), image.height(), rgb);
  }

  private static CommandResult photos(String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("photos", photos.toString(), "--embedder", embedder.toString()));
    arguments.addAll(List.of(more));
    return CommandResult.of(arguments.toArray(String[]::new));
  }

  private CommandResult made(String command, String... more) {
    List<String> arguments = new ArrayList<>(List.of(
        command,
        "--photos",
        photos.toString(),
        "--base",
        base.toString(),
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--consent",
        Selfies.CONSENT,
        "--embedder",
        embedder.toString()));
    arguments.addAll(List.of(more));
    return CommandResult.of(arguments.toArray(String[]::new));
  }

  private static void assertNamedOnce(CommandResult run) {
    String all = run.out() + run.err();
    for (String group : List.of("ada-1.png, ada-3.png", "bob-1.png, bob-3.png")) {
      assertEquals(1, all.split(group, -1).length - 1, all);
    }
  }

  @Test
  void namesTheGroupsOnceIfNobodyCanBeAsked() {
    CommandResult run = photos();

    assertEquals(3, run.status(), run.err());
    assertEquals(List.of(UNCLEAR), run.errorLines());
    assertNamedOnce(run);
    assertTrue(
        run.out().contains("person 1: ada-1.png, ada-3.png\n" + "person 2: bob-1.png, bob-3.png\n"),
        run.out());
    assertTrue(run.out().contains("readiness 0 %"), run.out());
    CommandResult json = photos("--json");
    assertEquals(3, json.status());
    assertEquals(List.of(QUESTION), json.errorLines());
    assertNamedOnce(json);
    assertTrue(json.out().contains("\"groups\":2,\"personUnclear\":true"), json.out());
  }

  @Test
  void choosesByAPhotoOfTheFolderOrByAnother() {
    CommandResult bob = photos("--who", "bob-3.png");
    CommandResult ada = photos("--who", other.toString());

    assertEquals(0, bob.status(), bob.err());
    assertTrue(bob.out().contains("it shows a different person than bob-3.png does"), bob.out());
    assertTrue(bob.out().contains("2 of 4 photos can be used"), bob.out());
    assertEquals(0, ada.status(), ada.err());
    assertEquals(
        2,
        ada.out()
            .lines()
            .filter(line -> line.startsWith("bob-") && line.contains("  reject  "))
            .count(),
        ada.out());
  }

  @Test
  void refusesAPersonThatCannotBeChosen() throws IOException {
    CommandResult missing = photos("--who", "nobody.png");
    assertEquals(3, missing.status());
    assertEquals(
        List.of("the photo nobody.png of --who does not exist; give a photo of the wanted person"),
        missing.errorLines());
    CommandResult text = photos(
        "--who", Files.writeString(folder.resolve("text.png"), "not a photo").toString());
    assertEquals(3, text.status());
    assertTrue(text.errorLines().get(0).contains("text.png is not an image file"), text.err());
    CommandResult blind = CommandResult.of("photos", photos.toString(), "--who", "ada-1.png");
    assertEquals(2, blind.status());
    assertEquals(
        List.of("--who needs a face embedder, which compares faces; give --embedder FILE"),
        blind.errorLines());
    CommandResult trained =
        CommandResult.of("headshot", "--person", "a.safetensors", "--who", "b.png", "--out", "x");
    assertEquals(List.of("--who applies to --photos only; leave it out"), trained.errorLines());
  }

  @Test
  void trainsNothingBeforeAPersonIsChosen() {
    Path person = folder.resolve("ada.safetensors");
    Path store = folder.resolve("store");
    for (CommandResult run : List.of(
        made("train", "--steps", "1", "--out", person.toString()),
        made(
            "train", "--store", store.toString(), "--key", folder.resolve("key").toString()),
        made("headshot", "--train-steps", "1", "--out", folder.resolve("out").toString()))) {
      assertEquals(3, run.status(), run.err());
      assertEquals(List.of(UNCLEAR), run.errorLines());
      assertNamedOnce(run);
    }
    assertFalse(Files.exists(person));
    CommandResult people = CommandResult.of(
        "people",
        "list",
        "--store",
        store.toString(),
        "--key",
        folder.resolve("key").toString());
    assertFalse(people.out().contains(Selfies.CONSENT), people.out());
  }

  @Test
  void trainsOnThePersonThatIsChosen() {
    Path person = folder.resolve("ada.safetensors");

    CommandResult run =
        made("train", "--steps", "2", "--out", person.toString(), "--who", "ada-3.png");

    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("2 of 4 photos can be used"), run.err());
    assertTrue(Files.exists(person));
  }

  @Test
  void asksAUserAtATerminal() {
    CommandResult run = answered("nine\n3\n2\n");

    assertEquals(0, run.status(), run.err());
    assertEquals(
        3,
        run.err()
                .split("which person do you want\\? number from 1 to 2, or Enter for none: ", -1)
                .length
            - 1,
        run.err());
    assertTrue(run.err().contains("person 2: bob-1.png, bob-3.png"), run.err());
    assertTrue(run.out().contains("it shows a different person than bob-1.png does"), run.out());
    assertNamedOnce(run);
    for (String none : List.of("\n", "", "nine\n\n")) {
      CommandResult undecided = answered(none);
      assertEquals(3, undecided.status(), undecided.err());
      assertTrue(undecided.err().endsWith("likeness: " + UNCLEAR + "\n"), undecided.err());
      assertNamedOnce(undecided);
    }
  }

  private static CommandResult answered(String answers) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Console console = new Console(
        new PrintWriter(out),
        new PrintWriter(err),
        true,
        new Cancellation(),
        new BufferedReader(new StringReader(answers)));
    int status = LikenessCommand.run(
        console, "photos", photos.toString(), "--embedder", embedder.toString());
    return new CommandResult(status, out.toString(), err.toString());
  }
}
