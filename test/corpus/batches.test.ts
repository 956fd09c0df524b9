import { corpus } from './support/corpus';

corpus('batches');
