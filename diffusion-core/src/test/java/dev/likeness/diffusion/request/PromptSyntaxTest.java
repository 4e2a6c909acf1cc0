package dev.likeness.diffusion.request;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.text.PromptChunker;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.WeightedText;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptSyntaxTest {
  private static final int VOCABULARY = 1014;

  @TempDir
  private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '>',
      value = {
        "normal text > normal text*1.000",
        "an (important) word > 'an *1.000, important*1.100,  word*1.000'",
        "(unbalanced > unbalanced*1.100",
        "\\(literal\\] > (literal]*1.000",
        "(unnecessary)(parens) > unnecessaryparens*1.100",
        "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky)))."
            + " > 'a *1.000, house*1.573,  *1.100, on*1.000,  a *1.100, hill*0.550, , sun, *1.100, sky*1.464, .*1.100'",
        "a:b (c: 1.5 ) d > 'a:b *1.000, c*1.500,  d*1.000'",
        "one BREAK two > 'one*1.000, BREAK*-1.000, two*1.000'",
        "(one BREAK two) > 'one*1.100, BREAK*-1.000, two*1.100'",
        "BREAKFAST > BREAKFAST*1.000",
        "[[x]] ) > 'x*0.826,  )*1.000'"
      })
  void readsWeights(String prompt, String expected) {
    assertEquals(
        expected,
        WeightedText.parse(prompt).stream()
            .map(piece -> piece.text() + String.format(Locale.ROOT, "*%.3f", piece.weight()))
            .collect(Collectors.joining(", ")));
  }

  @Test
  void readsEmptyPrompts() {
    assertEquals(List.of(new WeightedText("", 1)), WeightedText.parse(""));
    assertEquals(
        "\"1.2.3\" in the prompt \"(a:1.2.3)\" is not a weight; write e.g. (word:1.2)",
        assertThrows(IllegalArgumentException.class, () -> WeightedText.parse("(a:1.2.3)"))
            .getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '>',
      value = {
        "a [b:c:0.4] d > 10 > 'a b d' > 4 > 'a c d'",
        "a [b:3] > 10 > 'a ' > 3 > 'a b'",
        "a [b::3] > 10 > 'a b' > 3 > 'a '",
        "[in a [field:park:0.5]:at night:7] > 10 > 'in a field' > 5 > 'in a park'",
        "(a [b:c:2]:1.2) [d] > 10 > '(a b:1.2) [d]' > 2 > '(a c:1.2) [d]'",
        "[(b:1.2):(c:0.8):0.5] > 10 > '(b:1.2)' > 5 > '(c:0.8)'",
        "\\[b:c:0.5\\] > 10 > '\\[b:c:0.5\\]' > 5 > '\\[b:c:0.5\\]'",
        "[b:c:d] > 10 > '[b:c:d]' > 5 > '[b:c:d]'",
        "a [b:c:0.5 > 10 > 'a [b:c:0.5' > 5 > 'a [b:c:0.5'"
      })
  void changesAfterAStep(String prompt, int steps, String before, int last, String after) {
    PromptSchedule schedule = PromptSchedule.of(steps);
    assertEquals(before, schedule.at(prompt, 0));
    assertEquals(before, schedule.at(prompt, last));
    assertEquals(after, schedule.at(prompt, last + 1));
  }

  @ParameterizedTest
  @CsvSource({"[a:b:.5],0,b", "[a:b:1.5],5,a", "[a:b:1.5],6,b", "[a:b:14],5,b"})
  void countsOnInASecondPass(String prompt, int row, String text) {
    assertEquals(text, new PromptSchedule(10, 10, 0, 10).at(prompt, row));
  }

  @Test
  void alternatesPrompts() {
    assertEquals(
        List.of("a cow b", "a cow b", "a horse b", "a  b", "a cow b"),
        IntStream.range(0, 5)
            .mapToObj(row -> PromptSchedule.of(6).at("a [cow|horse|] b", row))
            .toList());
  }

  @Test
  void fillsAllChunksAndBreaksAtACommaNearTheEnd() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(tokenizer())) {
      PromptChunker reader = new PromptChunker(tokenizer, List.of(), VOCABULARY);
      assertEquals(1, reader.weighted("").size());
      assertEquals(2, reader.weighted("one BREAK two").size());
      int comma = tokenizer.ids(",")[0];
      String words = "a ".repeat(60) + ", " + "a ".repeat(20);
      List<PromptChunker.PromptChunk> chunks = reader.weighted(words);
      assertEquals(
          List.of(61, 20),
          chunks.stream().map(chunk -> ownTokens(chunk, tokenizer)).toList());
      assertEquals(comma, chunks.get(0).ids()[61]);
      String far = "a ".repeat(40) + ", " + "a ".repeat(40);
      assertEquals(
          List.of(75, 6),
          reader.weighted(far).stream()
              .map(chunk -> ownTokens(chunk, tokenizer))
              .toList());
    }
  }

  @Test
  void putsWordsInWholeAndWeighsThem() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(tokenizer())) {
      TextualInversion toy = new TextualInversion("<Toy>", Map.of(2, new float[6]));
      TextualInversion style = new TextualInversion("style", Map.of(2, new float[2]));
      PromptChunker reader = new PromptChunker(tokenizer, List.of(toy, style), VOCABULARY);
      int a = tokenizer.ids("a")[0];
      PromptChunker.PromptChunk chunk =
          reader.weighted("a (<toy>:1.5) Style styles").get(0);
      assertArrayEquals(
          new int[] {
            tokenizer.begin(), a, VOCABULARY, VOCABULARY + 1, VOCABULARY + 2, VOCABULARY + 3
          },
          Arrays.copyOf(chunk.ids(), 6));
      assertArrayEquals(new double[] {1, 1, 1.5, 1.5, 1.5, 1}, Arrays.copyOf(chunk.weights(), 6));
      assertArrayEquals(
          tokenizer.ids("styles"),
          Arrays.copyOfRange(chunk.ids(), 6, 6 + tokenizer.ids("styles").length));
      assertEquals(
          List.of(74, 3),
          reader.weighted("a ".repeat(74) + "<toy>").stream()
              .map(full -> ownTokens(full, tokenizer))
              .toList());
    }
  }

  /** A capital dotted I is two characters in lower case. */
  @Test
  void findsWordsBehindLettersThatGrowInLowerCase() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(tokenizer())) {
      TextualInversion ada = new TextualInversion("<ÄDA>", Map.of(2, new float[2]));
      PromptChunker.PromptChunk chunk =
          new PromptChunker(tokenizer, List.of(ada), VOCABULARY).plain("\u0130 a <äda>");
      int[] before = tokenizer.ids("\u0130 a ");
      assertArrayEquals(before, Arrays.copyOfRange(chunk.ids(), 1, 1 + before.length));
      assertArrayEquals(
          new int[] {VOCABULARY, tokenizer.end()},
          Arrays.copyOfRange(chunk.ids(), 1 + before.length, 3 + before.length));
    }
  }

  private static int ownTokens(PromptChunker.PromptChunk chunk, ClipTokenizer tokenizer) {
    int length = 1;
    while (length < 77 && chunk.ids()[length] != tokenizer.end()) {
      length++;
    }
    return length - 1;
  }

  private Path tokenizer() {
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      GoldenResource.copy("/golden/sd1/tokenizers/sd1-today/" + file, folder.resolve(file));
    }
    return folder;
  }
}
