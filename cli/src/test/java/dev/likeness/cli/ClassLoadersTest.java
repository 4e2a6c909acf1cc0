package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.OtherJvm;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.portrait.PortraitModel;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Several class loaders of one JVM with their own Likeness, as in a server with two applications or
 * after a restart by devtools.
 */
class ClassLoadersTest {
  @TempDir
  private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"one-by-one", "closed", "at-once"})
  void eachClassLoaderGeneratesTheSameImage(String order) throws Exception {
    Path log = folder.resolve("log");
    List<String> options = List.of("-Xmx1g", "-DDJL_CACHE_DIR=" + folder.resolve("djl"));
    Process process = OtherJvm.command(options, Applications.class, order)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
    assertEquals(0, OtherJvm.exitOf(process), Files.readString(log));
    List<String> lines = Files.readAllLines(log).stream()
        .filter(line -> line.startsWith("image "))
        .toList();
    assertEquals(3, lines.size(), Files.readString(log));
    assertEquals(1, lines.stream().distinct().count(), lines.toString());
  }

  /** Runs the work in three class loaders. */
  static final class Applications {
    private Applications() {}

    public static void main(String[] args) throws Exception {
      URL[] urls = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
          .map(Applications::url)
          .toArray(URL[]::new);
      List<FutureTask<String>> running = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        URLClassLoader own = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
        FutureTask<String> work = new FutureTask<>(callable(own));
        Thread thread = new Thread(work);
        thread.setContextClassLoader(own);
        thread.start();
        running.add(work);
        if (!args[0].equals("at-once")) {
          work.get();
        }
        if (args[0].equals("closed")) {
          own.close();
          System.gc();
        }
      }
      for (FutureTask<String> work : running) {
        System.out.println("image " + work.get());
      }
    }

    @SuppressWarnings("unchecked")
    private static Callable<String> callable(ClassLoader own) throws ReflectiveOperationException {
      return (Callable<String>) own.loadClass("dev.likeness.cli.ClassLoadersTest$Work")
          .getConstructor()
          .newInstance();
    }

    private static URL url(String path) {
      try {
        return Path.of(path).toUri().toURL();
      } catch (MalformedURLException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** Uses the libraries of libtorch, the tokenizers and OpenCV. */
  public static final class Work implements Callable<String> {
    @Override
    public String call() throws IOException {
      try (BaseModel model = BaseModel.open(PortraitModel.files(), Compute.EXACT)) {
        byte[] png = model.generate(ImageRequest.of("a man").steps(1).seed(1)).toPng();
        Path person = Outside.ROOT.resolve("examples/photos/person-5000000002");
        PhotoSet photos = PhotoSet.of(person.resolve("selfie-01.jpg"));
        PhotoReview review = PhotoReview.of(photos);
        return Arrays.hashCode(png) + " and " + review.accepted().size() + " photos";
      }
    }
  }
}
