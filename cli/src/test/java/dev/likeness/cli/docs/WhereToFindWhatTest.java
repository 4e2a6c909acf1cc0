package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.Outside;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The files and folders of the table in docs/architecture.md exist. */
class WhereToFindWhatTest {
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");

  @Test
  void everyFileOfTheTableExists() throws IOException {
    List<String> rows = rows(Files.readString(Outside.ROOT.resolve("docs/architecture.md")));
    assertTrue(rows.size() > 25, rows::toString);
    List<String> missing = new ArrayList<>();
    for (String row : rows) {
      missing.addAll(missing(row));
    }
    assertEquals(List.of(), missing);
  }

  @Test
  void findsWhatIsPlanted() throws IOException {
    assertEquals(
        List.of("photos/Nothing.java", "photos/none/", "lora/Lora.java"),
        missing(
            "| a thing | `identity-photos` | `photos/PhotoSet.java` (`from`), `Photo.java` there,"
                + " `photos/Nothing.java`, `photos/none/`, `lora/Lora.java` |"));
    assertEquals(
        List.of(),
        missing(
            "| a thing | `identity-photos` | `photos/`; `lora/Lora.java` in `identity-lora` |"));
    assertEquals(
        List.of("Gone.java"),
        missing("| a thing | `identity-photos` | `photos/PhotoSet.java`, `Gone.java` there |"));
  }

  private static List<String> rows(String page) {
    String table = page.substring(page.indexOf("## Where to find what"));
    return table
        .substring(0, table.indexOf("\n## ", 3))
        .lines()
        .filter(line -> line.startsWith("| ") && !line.startsWith("| to find"))
        .toList();
  }

  /** The paths of a row that no module of the row has. */
  private static List<String> missing(String row) throws IOException {
    List<String> words = CODE.matcher(row)
        .results()
        .map(MatchResult::group)
        .map(word -> word.replace("`", ""))
        .toList();
    List<Path> roots = words.stream()
        .flatMap(word -> Stream.of("src/main/java", "src/main/resources")
            .map(source -> Outside.ROOT.resolve(word + "/" + source + "/dev/likeness")))
        .filter(Files::isDirectory)
        .toList();
    List<String> missing = new ArrayList<>();
    List<Path> folders = new ArrayList<>();
    for (String word : words) {
      boolean isPath = word.endsWith("/") || word.matches("[\\w/.-]+\\.(java|json)");
      if (!isPath || word.startsWith("src/")) {
        continue;
      }
      List<Path> found = Stream.concat(
              roots.stream(), word.contains("/") ? Stream.<Path>empty() : folders.stream())
          .map(folder -> folder.resolve(word))
          .filter(Files::exists)
          .toList();
      found.stream()
          .map(file -> Files.isDirectory(file) ? file : file.getParent())
          .forEach(folders::add);
      if (found.isEmpty() && !word.startsWith("…")) {
        missing.add(word);
      }
    }
    return missing;
  }
}
