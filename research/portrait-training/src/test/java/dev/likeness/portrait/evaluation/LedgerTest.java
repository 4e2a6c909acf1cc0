package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
  @TempDir
  private Path folder;

  @Test
  void keepsWhatOneJudgeFoundApartFromAnothers() {
    Path file = folder.resolve("evaluation.json");
    Ledger.open(file).skip("faces", "no detector");
    Ledger.open(file).part("faces", "one", () -> Map.of("found", 1));
    Ledger again = Ledger.open(file);
    again.part("faces", "one", () -> Map.of("found", 2));
    assertEquals(Map.of("found", 1, "judged by", "one"), again.parts().get("faces"));
    assertTrue(assertThrows(
            InvalidInputException.class,
            () -> again.part("faces", "another", () -> Map.of("found", 2)))
        .getMessage()
        .startsWith(file + " holds what one found of faces, not another"));
  }

  @Test
  void refusesFiguresOfSomebodyElse() {
    Path file = folder.resolve("evaluation.json");
    Ledger.open(file).begin("of", Map.of("model", "one"));
    Ledger.open(file).begin("of", Map.of("model", "one"));
    InvalidInputException other = assertThrows(
        InvalidInputException.class,
        () -> Ledger.open(file).begin("of", Map.of("model", "another")));
    assertEquals(
        file
            + " holds figures of others: model one, not another; give an empty folder, or that model and those"
            + " numbers to go on",
        other.getMessage());
    String told = assertThrows(
            InvalidInputException.class,
            () -> Ledger.open(file).begin("of", Map.of("model", "x".repeat(9000))))
        .getMessage();
    assertTrue(told.length() < 500 + file.toString().length(), told);
  }
}
