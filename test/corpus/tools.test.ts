import { corpus } from './support/corpus';

corpus('tools');
