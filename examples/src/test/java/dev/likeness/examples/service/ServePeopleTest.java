package dev.likeness.examples.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraTraining;
import dev.likeness.lora.Subject;
import dev.likeness.lora.TrainedPerson;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServePeopleTest {
  @TempDir
  private Path folder;

  @Test
  void servesWhoeverIsInTheFiles() throws Exception {
    Path base = GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, folder).path();
    Path ada = folder.resolve("ada.safetensors");
    learn(base, ada);
    Path second = Files.copy(ada, Files.createDirectory(folder.resolve("other")).resolve("ada.safetensors"));
    Path bob = Files.copy(ada, folder.resolve("bob.safetensors"));
    try (ServePeople serving = ServePeople.open(0, base, List.of(ada, bob))) {
      HttpClient http = HttpClient.newHttpClient();
      for (String name : List.of("ada", "bob")) {
        assertEquals(202, post(http, serving.port(), "person=" + name + "&steps=1").statusCode());
      }
      assertEquals(400, post(http, serving.port(), "person=eve").statusCode());
    }
    String twice = assertThrows(IllegalArgumentException.class, () -> ServePeople.open(0, base, List.of(ada, second))).getMessage();
    assertEquals(second + " is the second of the name ada, by which people are asked for; rename one", twice);
    Path wrong = Files.writeString(folder.resolve("eve.safetensors"), "nobody");
    assertTrue(assertThrows(UnusableInput.class, () -> ServePeople.open(0, base, List.of(wrong))).getMessage().contains("eve"));
    assertThrows(IllegalArgumentException.class, () -> ServePeople.main(new String[] {"8080", "portrait"}));
  }

  private static void learn(Path folder, Path file) {
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TrainedPerson person = LoraTraining.quick().steps(1).train(base, List.of(Picture.of(32, 32, new byte[32 * 32 * 3])),
            Subject.of("woman").consent("ada: yes"), Progress.SILENT, new Cancellation())) {
      person.save(file);
    }
  }

  private static HttpResponse<String> post(HttpClient http, int port, String query) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port + "/shoots?" + query);
    return http.send(HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.noBody()).build(), HttpResponse.BodyHandlers.ofString());
  }
}
