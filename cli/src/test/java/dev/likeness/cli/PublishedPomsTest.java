package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What Maven Central requires of a POM, and what the BOM promises. */
class PublishedPomsTest {
  private static final List<String> REQUIRED =
      List.of("<url>", "<licenses>", "<developers>", "<scm", "<name>", "<description>");

  @Test
  void parentAndBomHaveAllThatCentralRequires() throws IOException {
    for (String module : List.of(".", "bom")) {
      String pom = pom(module);
      assertEquals(
          List.of(), REQUIRED.stream().filter(element -> !pom.contains(element)).toList(), module);
    }
  }

  @Test
  void modulesHaveNamesAndDescriptionsOfTheirOwn() throws IOException {
    for (String module : modules()) {
      String pom = pom(module);
      assertEquals(1, pom.split("<description>", -1).length - 1, module);
      assertEquals(Outside.version(), first(pom, "<version>(.*?)</version>"), module);
    }
  }

  @Test
  void bomManagesAllPublishedModulesAndTheirNatives() throws IOException {
    List<String> unmanaged = new ArrayList<>();
    String bom = pom("bom");
    for (String module : modules()) {
      String pom = pom(module);
      boolean published = !pom.contains("<maven.deploy.skip>true") && !module.equals("bom");
      String artifact = "<artifactId>likeness-" + module.replace('/', '-') + "</artifactId>";
      if (published && !bom.contains(artifact)) {
        unmanaged.add(artifact);
      }
      if (module.startsWith("natives/")) {
        Pattern natives = Pattern.compile(
            "<artifactId>(\\w+)</artifactId>\\s+<classifier>([\\w-]+)</classifier>");
        for (MatchResult found : natives.matcher(pom).results().toList()) {
          String managed =
              "<artifactId>" + found.group(1) + "</artifactId>\\s+<version>[^<]+</version>"
                  + "\\s+<classifier>" + found.group(2) + "</classifier>";
          if (!Pattern.compile(managed).matcher(bom).find()) {
            unmanaged.add(found.group());
          }
        }
      }
    }
    assertEquals(List.of(), unmanaged);
  }

  /** Ivy, which spark-submit uses, takes a classifier as the only artifact of its module. */
  @Test
  void nativesComeWithTheirJavaArchives() throws IOException {
    List<String> alone = new ArrayList<>();
    for (String module : modules()) {
      String pom = pom(module);
      Pattern natives = Pattern.compile("(<artifactId>\\w+</artifactId>)\\s+<classifier>");
      natives
          .matcher(module.startsWith("natives/") ? pom : "")
          .results()
          .map(found -> found.group(1))
          .filter(artifact ->
              !Pattern.compile(artifact + "\\s+</dependency>").matcher(pom).find())
          .forEach(artifact -> alone.add(module + ": " + artifact));
    }
    assertEquals(List.of(), alone);
  }

  private static List<String> modules() throws IOException {
    String modules = first(pom("."), "<modules>(.*?)</modules>");
    return Pattern.compile("<module>(.*?)</module>")
        .matcher(modules)
        .results()
        .map(module -> module.group(1))
        .filter(module -> !module.startsWith("integrations"))
        .toList();
  }

  private static String first(String text, String expression) {
    return Pattern.compile(expression, Pattern.DOTALL)
        .matcher(text)
        .results()
        .findFirst()
        .orElseThrow()
        .group(1);
  }

  private static String pom(String module) throws IOException {
    return Files.readString(Outside.ROOT.resolve(module).resolve("pom.xml"));
  }
}
