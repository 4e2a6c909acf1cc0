/**
 * The image model of LangChain4j: generates and edits images with a base model of this library, in
 * the application's own process.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"));
 *     GenerationQueue queue = GenerationQueue.on(base, MemoryBudget.of("10 GiB"))) {
 *   ImageModel model = LikenessImageModel.on(queue);
 *   Image image = model.generate("studio portrait of a woman").content();
 *   Files.write(Path.of("portrait.png"), Base64.getDecoder().decode(image.base64Data()));
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.integrations.langchain4j;

import org.jspecify.annotations.NullMarked;
