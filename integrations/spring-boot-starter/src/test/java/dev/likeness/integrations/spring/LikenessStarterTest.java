package dev.likeness.integrations.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.doctor.Doctor;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.portrait.PortraitModel;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.retry.NonTransientAiException;
import org.springframework.ai.retry.TransientAiException;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

/** The beans of the starter in an application context, on the embedded base. */
class LikenessStarterTest {
  private static final ImageRequest BRIEF =
      ImageRequest.of("portrait of a woman").steps(2).seed(1);

  private final ApplicationContextRunner runner = new ApplicationContextRunner()
      .withPropertyValues("likeness.device=cpu", "likeness.dtype=f32")
      .withConfiguration(AutoConfigurations.of(
          LikenessAutoConfiguration.class,
          LikenessObserverAutoConfiguration.class,
          LikenessHealthAutoConfiguration.class,
          LikenessImageAutoConfiguration.class));

  @Test
  void opensTheEmbeddedModelAndCountsItsWork() {
    runner.withBean(MeterRegistry.class, SimpleMeterRegistry::new).run(context -> {
      assertNull(context.getStartupFailure());
      assertNotNull(context.getBean(HeadshotStudio.class));
      BaseModel base = context.getBean(BaseModel.class);
      assertEquals("cpu f32", base.compute().toString());
      GenerationQueue queue = context.getBean(GenerationQueue.class);
      GeneratedImage image = queue.submit(BRIEF).result().orElseThrow();
      assertEquals(base.defaults().width(), image.image().width());

      MeterRegistry registry = context.getBean(MeterRegistry.class);
      assertEquals(
          1,
          registry
              .get("likeness.work")
              .tags("kind", "generation", "outcome", "done")
              .timer()
              .count());
      assertEquals(
          2, registry.get("likeness.steps").tag("phase", "sample").counter().count());
      assertEquals(1, registry.get("likeness.images").counter().count());
      assertEquals(
          base.name(), registry.get("likeness.images").counter().getId().getTag("model"));
      context.getBeansOfType(MeterBinder.class).values().forEach(each -> each.bindTo(registry));
      Gauge running = registry.get("likeness.queue.running").gauge();
      // A job's result is there shortly before its place in the queue is free.
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (running.value() > 0 && System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      assertEquals(0, running.value());
    });
  }

  @Test
  void reportsTheHealthOfModelAndMachine() {
    runner.run(context -> {
      Object health = health(context);
      assertEquals("UP", call(call(health, "getStatus"), "getCode"));
      String details = call(health, "getDetails").toString();
      assertTrue(details.contains("device=cpu f32"), details);
      assertTrue(details.contains("GiB free"), details);
      assertTrue(details.contains("waiting=0"), details);
      Doctor.examine().stream()
          .filter(part -> !Set.of("memory", "cache").contains(part.subject()))
          .forEach(part -> assertTrue(details.contains(part.text()), part + " in " + details));
    });
    runner
        .withPropertyValues("management.health.likeness.enabled=false")
        .run(context -> assertFalse(context.containsBean("likenessHealthIndicator")));
  }

  @Test
  void opensTheIdentityMethodOfAFolder(@TempDir Path temporary) throws IOException {
    runner.run(context -> assertFalse(context.containsBean("likenessPersonAdapter")));
    // The embedded model may lie in an archive, of which a property has no path.
    Path packed = PortraitModel.files().resolve("ip_adapter");
    Path folder = temporary.resolve("ip_adapter");
    try (Stream<Path> files = Files.walk(packed)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(packed.relativize(file).toString()));
      }
    }
    runner.withPropertyValues("likeness.identity=" + folder).run(context -> {
      PersonAdapter adapter = context.getBean(PersonAdapter.class);
      assertEquals("IP-Adapter FaceID Portrait", adapter.kind().title());
      float[] face = new float[128];
      face[3] = 1;
      ImagePrompt ada =
          adapter.adapter().prompt(List.of(Reference.face(face, RgbImage.of(1, 1, new byte[3]))));
      GenerationQueue queue = context.getBean(GenerationQueue.class);
      assertNotEquals(
          queue.submit(BRIEF).result().orElseThrow().image(),
          queue.submit(BRIEF.adapter(ada.at(1))).result().orElseThrow().image());
    });
    // FaceID Portrait of the embedded base is its own, so that a product may use it.
    runner
        .withPropertyValues("likeness.identity=" + folder, "likeness.commercial=true")
        .run(context -> assertNull(context.getStartupFailure()));
    // An adapter of faces with 512 numbers is one of InsightFace's embedders, by its header.
    Path file = folder.resolve("ip-adapter.safetensors");
    Files.writeString(
        file,
        Files.readString(file, StandardCharsets.ISO_8859_1)
            .replaceFirst("(proj\\.0\\.weight\":\\{[^}]*)\\[256,128\\]", "$1[64, 512]"),
        StandardCharsets.ISO_8859_1);
    runner
        .withPropertyValues("likeness.identity=" + folder, "likeness.commercial=true")
        .run(context -> assertTrue(
            String.valueOf(context.getStartupFailure().getCause().getCause())
                .contains("is an IP-Adapter FaceID Portrait, whose licence (non-commercial research"
                    + " only) forbids commercial use"),
            () -> context.getStartupFailure().toString()));
  }

  @Test
  void cancelsJobsOnShutdown() {
    CountDownLatch running = new CountDownLatch(1);
    GenerationJob<?>[] jobs = new GenerationJob<?>[2];
    runner.withPropertyValues("likeness.queue.workers=1").run(context -> {
      BaseModel base = context.getBean(BaseModel.class);
      GenerationQueue queue = context.getBean(GenerationQueue.class);
      jobs[0] = queue.submit(
          run -> base.generateAll(
              BRIEF.steps(100),
              new Run(
                  event -> {
                    run.progress().onEvent(event);
                    if (event instanceof ProgressEvent.Step) {
                      running.countDown();
                    }
                  },
                  run.cancellation())),
          0,
          0,
          event -> {},
          Duration.ZERO);
      jobs[1] = queue.submit(BRIEF);
      assertTrue(running.await(1, TimeUnit.MINUTES), () -> jobs[0].lastEvent().toString());
      assertEquals(GenerationJob.State.RUNNING, jobs[0].state());
      assertEquals(1, queue.waiting());
    });
    assertTrue(jobs[0].result().isEmpty());
    assertEquals(GenerationJob.State.CANCELLED, jobs[1].state());
  }

  @Test
  void closesTheBaseWithTheContext() {
    BaseModel[] base = new BaseModel[1];
    runner.run(context -> base[0] = context.getBean(BaseModel.class));
    assertThrows(IllegalStateException.class, () -> base[0].generate(BRIEF));
  }

  @Test
  void limitsTheMemoryOfTheBase() {
    runner.withPropertyValues("likeness.memory=8GB").run(context -> {
      assertNull(context.getStartupFailure());
      assertTrue(context.getBean(BaseModel.class).memoryPlan().isPresent());
    });
    runner
        .withPropertyValues("likeness.memory=1MB")
        .run(context ->
            assertInstanceOf(ResourceLimitException.class, root(context.getStartupFailure())));
  }

  @Test
  void refusesWrongProperties() {
    runner.withPropertyValues("likeness.model=no/such/folder").run(context -> {
      InvalidInputException wrong =
          assertInstanceOf(InvalidInputException.class, root(context.getStartupFailure()));
      assertTrue(wrong.getMessage().contains("no/such/folder"), wrong.getMessage());
    });
    runner
        .withPropertyValues("likeness.queue.workers=0")
        .run(context -> assertEquals(
            "a queue needs at least 1 worker, 1 waiting job and 1 byte of memory, got workers: 0,"
                + " waiting jobs: 64, bytes: 9223372036854775807",
            root(context.getStartupFailure()).getMessage()));
  }

  @Test
  void saysThatThereIsNoModel() {
    assertEquals(
        "no base model is given: set the property likeness.model to a folder or file, or add the"
            + " dependency dev.likeness:likeness-portrait-model",
        assertThrows(
                IllegalStateException.class,
                () -> LikenessAutoConfiguration.embedded(
                    new FilteredClassLoader("dev.likeness.portrait")))
            .getMessage());
  }

  @Test
  void keepsBeansOfTheApplication() {
    runner.run(outer -> {
      BaseModel base = outer.getBean(BaseModel.class);
      runner
          .withBean(
              "own", BaseModel.class, () -> base, definition -> definition.setDestroyMethodName(""))
          .run(context -> {
            assertNull(context.getStartupFailure());
            assertEquals(base, context.getBean(BaseModel.class));
          });
    });
  }

  @Test
  void startsWithoutOptionalLibraries() {
    runner
        .withClassLoader(new FilteredClassLoader(
            "io.micrometer",
            "io.opentelemetry",
            "org.springframework.ai",
            "org.springframework.boot.actuate",
            "org.springframework.boot.health"))
        .run(context -> {
          assertNull(context.getStartupFailure());
          assertFalse(context.containsBean("likenessMeters"));
          assertFalse(context.containsBean("likenessTraces"));
          assertFalse(context.containsBean("likenessHealthIndicator"));
          assertFalse(context.containsBean("likenessImageModel"));
          assertNotNull(context.getBean(BaseModel.class));
        });
  }

  @Test
  void letsAPropertyChooseTheImageModel() {
    runner.run(context -> assertNotNull(context.getBean(ImageModel.class)));
    runner
        .withPropertyValues("spring.ai.model.image=openai")
        .run(context -> assertTrue(context.getBeansOfType(ImageModel.class).isEmpty()));
  }

  @Test
  void theImageModelHasTheLimitsOfTheProperties() {
    runner
        .withPropertyValues("likeness.max-images=1", "likeness.queue.memory=1MB")
        .run(context -> {
          LikenessAiImageModel model = context.getBean(LikenessAiImageModel.class);
          var prompt = new org.springframework.ai.image.ImagePrompt("a portrait");
          assertThrows(TransientAiException.class, () -> model.call(prompt));
          ImageModel two = model.options(ask -> ask.count(2));
          assertThrows(NonTransientAiException.class, () -> two.call(prompt));
        });
  }

  // The type of the indicator has another package in each version of Spring Boot.
  private static Object health(ApplicationContext context) {
    return call(context.getBean("likenessHealthIndicator"), "health");
  }

  private static Object call(Object target, String method) {
    try {
      var found = target.getClass().getMethod(method);
      found.setAccessible(true);
      return found.invoke(target);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
