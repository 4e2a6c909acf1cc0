package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.portrait.people.Words;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrimmedTokenizerTest {
  private static final String CAPTION = "studio portrait of an old woman, turtleneck, 3 freckles";

  @Test
  void cutsTheTextsItWasTrimmedForAsClipDoes(@TempDir Path folder) {
    Path clip = Material.of("tokenizers/clip");
    TrimmedTokenizer trimmed = TrimmedTokenizer.of(clip);
    trimmed.need(CAPTION);
    trimmed.write(folder);
    try (ClipTokenizer whole = ClipTokenizer.open(clip);
        ClipTokenizer small = ClipTokenizer.open(folder)) {
      int[] here = small.ids(CAPTION);
      int[] there = whole.ids(CAPTION);
      assertEquals(there.length, here.length);
      for (int i = 0; i < here.length; i++) {
        assertEquals(whole.decode(new int[] {there[i]}), small.decode(new int[] {here[i]}));
      }
      assertTrue(small.end() < trimmed.vocabulary());
    }
  }

  @Test
  void staysAsItWasWhereAModelIsTrainedFurther(@TempDir Path parent) throws IOException {
    Path released = Path.of(ReleasedFolder.in(parent.resolve("released")));
    Path folder = Files.createDirectory(parent.resolve("small"));
    int ids = FirstWeights.tokenizer(released, folder);
    try (Safetensors text = Safetensors.open(released.resolve("text_encoder/model.safetensors"));
        ClipTokenizer small = ClipTokenizer.open(folder)) {
      assertEquals(text.shape("text_model.embeddings.token_embedding.weight")[0], ids);
      assertEquals("italian wool blazer", small.decode(small.ids("italian wool blazer")));
    }
  }

  @Test
  void theReleasedTokenizerDeclaresTheWordsOfAllCaptions(@TempDir Path parent) throws IOException {
    TreeSet<String> words = new TreeSet<>();
    Pattern word = Pattern.compile("[a-z]+");
    PortraitRenders renders = new PortraitRenders(0);
    Stream.concat(
            Words.vocabulary().stream(),
            IntStream.range(0, 2000).boxed().flatMap(i -> renders.captions(i).stream()))
        .forEach(text -> word.matcher(text.toLowerCase(Locale.ROOT))
            .results()
            .forEach(m -> words.add(m.group())));
    Path released = Path.of(ReleasedFolder.in(parent.resolve("released")));
    Object declared = JSON.std
        .mapFrom(Files.readAllBytes(released.resolve("tokenizer/tokenizer_config.json")))
        .get("known_words");

    assertEquals(List.copyOf(words), declared);
  }

  @Test
  void declaresTheWordsItWasTrimmedFor(@TempDir Path folder) {
    TrimmedTokenizer trimmed = TrimmedTokenizer.of(Material.of("tokenizers/clip"));
    trimmed.need(CAPTION);
    trimmed.write(folder);
    try (ClipTokenizer small = ClipTokenizer.open(folder)) {
      assertEquals(
          List.of("a", "young", "zeppelin"),
          small.unknownWords(
              "studio portrait of a young woman, 4 freckles, zeppelin",
              PromptSyntax.PLAIN,
              List.of()));
    }
  }

  @Test
  void cutsOtherWordsIntoShorterPieces(@TempDir Path folder) {
    TrimmedTokenizer trimmed = TrimmedTokenizer.of(Material.of("tokenizers/clip"));
    trimmed.need(CAPTION);
    trimmed.write(folder);
    try (ClipTokenizer small = ClipTokenizer.open(folder)) {
      assertEquals("zeppelin", small.decode(small.ids("zeppelin")));
    }
  }
}
