package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands with a small PhotoMaker file, which no option of theirs names. */
class PhotoMakerCommandTest {
  @TempDir
  private static Path shared;

  private static Path base;
  private static Path adapter;
  private static Path photos;

  @BeforeAll
  static void writesAnAdapter() throws IOException {
    base = TinyBase.in(shared);
    adapter = shared.resolve("photomaker-v1.safetensors");
    photos = Selfies.of("5000000777", 2, shared.resolve("people"));
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      TinyPhotoMaker.write(model, false, adapter);
    }
  }

  private static CommandResult run(Path out, String... words) {
    List<String> all = new ArrayList<>(Arrays.asList(words));
    all.addAll(List.of(
        "--base",
        base.toString(),
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--steps",
        "2",
        "--out",
        out.toString()));
    return CommandResult.of(all.toArray(String[]::new));
  }

  private CommandResult generate(Path out, String prompt) {
    return run(
        out,
        "generate",
        "--ip-adapter",
        adapter.toString(),
        "--reference",
        photos.resolve("selfie-01.jpg").toString(),
        "--reference",
        photos.resolve("selfie-02.jpg").toString(),
        "--prompt",
        prompt);
  }

  @Test
  void generatesFromPhotosAndAPromptWithTheTriggerWord(@TempDir Path folder) throws IOException {
    CommandResult done = generate(folder.resolve("out"), "a woman img");
    assertEquals(0, done.status(), done.err());
    try (var files = Files.list(folder.resolve("out"))) {
      assertTrue(files.anyMatch(file -> file.toString().endsWith(".png")));
    }
  }

  @Test
  void saysInOneLineThatThePromptLacksTheTriggerWord(@TempDir Path folder) {
    CommandResult refused = generate(folder.resolve("out"), "a woman");
    assertTrue(refused.status() != 0);
    assertTrue(
        refused
            .err()
            .contains("PhotoMaker needs its trigger word \"img\" once, behind a class word, as in"
                + " \"photo of a woman img\"; the prompt has none"),
        refused.err());
  }

  @Test
  void makesHeadshotsFromPhotosAndAgainFromThePersonsFile(@TempDir Path folder) {
    Path first = folder.resolve("first");
    CommandResult done = run(
        first,
        "headshot",
        "--identity",
        "ipadapter",
        "--ip-adapter",
        adapter.toString(),
        "--photos",
        photos.toString(),
        "--consent",
        "nobody real",
        "--style",
        "studio",
        "--count",
        "1");
    assertEquals(0, done.status(), done.err());
    Path person = first.resolve("person-ipadapter.safetensors");
    String words = SafetensorsHeader.read(person).metadata().toString();
    assertTrue(words.contains(" img"), words);
    CommandResult again = run(
        folder.resolve("again"),
        "headshot",
        "--identity",
        "ipadapter",
        "--ip-adapter",
        adapter.toString(),
        "--person",
        person.toString(),
        "--style",
        "studio",
        "--count",
        "1");
    assertEquals(0, again.status(), again.err());
  }
}
